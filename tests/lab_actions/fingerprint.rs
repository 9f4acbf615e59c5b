//! All that a change of a machine could show in: every file of its disk, units, containers, users, firewall, mounts.

use std::collections::BTreeSet;
use std::fmt;

use nixi_lab::Machine;

use crate::ground::{Ground, WEB};

const LOOK: &str = include_str!("fingerprint.sh");

/// What changes without anybody changing anything, and why. A path stands for all that is below it. Journals, and nothing
/// else: what a read writes is seen.
const LEFT_OUT: [(&str, &str); 2] = [
    ("/run/systemd/journal", "journald notes there what writes to it, and when it last wrote to the disk"),
    ("/var/log/journal", "sshd, sudo and systemd write to the journal of every login and command"),
];

/// A program of the script that fails must not be taken for a machine that has none of it.
const ALWAYS_THERE: [&str; 11] = [
    "unit",
    "unit-file",
    "network",
    "user",
    "group",
    "firewall",
    "address",
    "route",
    "mount",
    "/etc/passwd",
    "content of /etc/passwd",
];

/// How a machine is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint(BTreeSet<String>);

/// What is not as it was: lines that are gone, and lines that are new.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Difference {
    gone: Vec<String>,
    new: Vec<String>,
}

impl Fingerprint {
    pub(crate) fn of(machine: &Machine) -> Self {
        let lines = machine.root(LOOK).unwrap();
        for what in ALWAYS_THERE {
            assert!(lines.lines().any(|line| about(line) == what), "the look did not tell of any {what}");
        }
        let seen = lines.lines().filter(|line| !is_left_out(line)).map(str::to_owned).collect();
        Self(seen)
    }

    /// What is different in it from one before.
    fn since(&self, before: &Self) -> Difference {
        let not_in = |a: &Self, b: &Self| a.0.difference(&b.0).cloned().collect();
        Difference { gone: not_in(before, self), new: not_in(self, before) }
    }

    /// Fails if anything is different on the machine now.
    pub(crate) fn assert_holds(&self, machine: &Machine, after: &str) {
        let changed = Self::of(machine).since(self);
        assert!(
            changed == Difference::default(),
            "{} is not as it was, after {after}:\n{changed:?}",
            machine.name()
        );
    }
}

/// What a line is about: the word or path before the tab.
fn about(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

fn is_left_out(line: &str) -> bool {
    let about = about(line);
    let path = about.strip_prefix("content of ").unwrap_or(about);
    LEFT_OUT.iter().any(|(left_out, _)| {
        path.strip_prefix(left_out).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

impl Difference {
    fn names(&self, what: &str) -> bool {
        self.gone.iter().chain(&self.new).any(|line| about(line) == what)
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gone.iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        self.new.iter().try_for_each(|line| writeln!(f, "+ {line}"))
    }
}

/// Without this, all comparisons could be blind.
#[tokio::test]
async fn a_change_of_any_kind_is_seen() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    let mut before = Fingerprint::of(web);
    before.assert_holds(web, "nothing");
    for (script, seen_in) in [
        ("touch /srv/web/new", "/srv/web/new"),
        // Same size, same time.
        (
            "touch -r /srv/web/data /run/time; echo lost >/srv/web/data; touch -r /run/time /srv/web/data",
            "content of /srv/web/data",
        ),
        ("chmod 600 /srv/web/data", "/srv/web/data"),
        ("chown 1000 /srv/web/data", "/srv/web/data"),
        ("ln -sfn /tmp /run/link", "/run/link"),
        // Made and removed again.
        ("mktemp -d /home/XXXXXX | xargs rmdir", "/home"),
        ("useradd --no-create-home somebody", "user"),
        ("systemctl restart greeter", "unit"),
        ("echo >/run/systemd/system/new.service; systemctl daemon-reload", "unit-file"),
        ("podman restart --time 1 store", "container"),
        ("podman network create another", "network"),
        (
            "podman tag localhost/nixi-lab/web:1 localhost/other:1",
            "content of /var/lib/containers/storage/overlay-images/images.json",
        ),
        ("podman volume create another", "/var/lib/containers/storage/volumes/another"),
        ("iptables --insert INPUT --protocol tcp --dport 1 --jump DROP", "firewall"),
        ("ip address add 192.0.2.1/32 dev lo", "address"),
        ("ip route add blackhole 192.0.2.0/24", "route"),
        ("mount -t tmpfs none /mnt", "mount"),
        (
            "nix-env --quiet --profile /nix/var/nix/profiles/system --set $(readlink -f /run/current-system/sw)",
            "system",
        ),
    ] {
        web.root(script).unwrap();
        let now = Fingerprint::of(web);
        let changed = now.since(&before);
        assert!(changed.names(seen_in), "{script}: {seen_in} is not in\n{changed:?}");
        before = now;
    }
}
