//! What a change of a unit takes along: other units, the way by which this session came in, the power.
//!
//! Decided by what the node says a unit does, beside its name ([`protected`]). What cannot be read about a unit counts as a danger;
//! which units this session came in by is more than the names tell, and where it cannot be read (no `ps`, processes of
//! others hidden), names and programs decide alone.

use std::collections::{BTreeMap, BTreeSet};

use nixi_core::catalog::{service, system};
use nixi_core::command::UnitName;
use nixi_core::{Command, InspectCx, Read, ReadAnswer, ToolError};

use super::lifecycle::Operation;
use super::protected;
use super::show::{Block, UnitStatus, blocks_of_any};

/// Programs that let others in, carry what they say, or give the node its addresses, and those that end everything.
const CARRIERS: &[&str] = &[
    "sshd",
    "dropbear",
    "tinysshd",
    "sslh",
    "autossh",
    "ip",
    "ifconfig",
    "ifup",
    "ifdown",
    "nft",
    "iptables",
    "ip6tables",
    "iptables-restore",
    "NetworkManager",
    "systemd-networkd",
    "dhcpcd",
    "dhclient",
    "udhcpc",
    "wpa_supplicant",
    "iwd",
    "hostapd",
    "pppd",
    "wg",
    "wg-quick",
    "boringtun",
    "boringtun-cli",
    "wireguard-go",
    "openvpn",
    "openconnect",
    "openfortivpn",
    "tailscaled",
    "netbird",
    "zerotier-one",
    "nebula",
    "tincd",
    "charon",
    "charon-systemd",
    "ipsec",
    "cloudflared",
    "frpc",
    "chisel",
    "rathole",
    "ngrok",
    "reboot",
    "poweroff",
    "shutdown",
    "halt",
    "kexec",
];

/// What of the node matters to a change of some of its units.
pub(super) struct Surroundings {
    /// All loaded units by name; nothing, if they could not be read.
    units: Option<BTreeMap<String, Known>>,
    /// The units that this session came in by, or that Nixi itself runs in.
    session: BTreeSet<String>,
    is_here: bool,
}

/// What systemd knows of a unit.
#[derive(Debug, Default)]
struct Known {
    is_active: bool,
    /// What is stopped when it is.
    takes_down: Vec<String>,
    /// What is stopped when it is started.
    excludes: Vec<String>,
    /// What is started with it.
    pulls_in: Vec<String>,
    /// The sockets that start it.
    triggered_by: Vec<String>,
    /// What systemd does to the whole node once it has ended, and by which setting.
    ends_by: Option<(String, &'static str)>,
    /// The first program of [`CARRIERS`] that it runs.
    runs: Option<String>,
}

impl Surroundings {
    /// The reads that it is made of.
    pub(super) fn reads(of: &[UnitName]) -> [Command<Read>; 2] {
        [service::dependencies(of), system::processes()]
    }

    /// What their answers tell.
    pub(super) fn told(cx: &InspectCx<'_>, [units, processes]: [ReadAnswer; 2]) -> Result<Self, ToolError> {
        let units = told(units)?.map(|text| known(&text)).filter(|units| !units.is_empty());
        let session = told(processes)?.map(|text| ancestry(&text)).unwrap_or_default();
        Ok(Self::of(units, session, cx.node().ssh().is_none()))
    }

    fn of(units: Option<BTreeMap<String, Known>>, mut session: BTreeSet<String>, is_here: bool) -> Self {
        let known = |unit: &String| units.as_ref()?.get(unit);
        let sockets: Vec<String> =
            session.iter().filter_map(known).flat_map(|unit| unit.triggered_by.clone()).collect();
        session.extend(sockets);
        Self { units, session, is_here }
    }

    /// Why the change of a unit is destructive; the gravest reason alone.
    pub(super) fn why(&self, operation: Operation, asked: &UnitName, status: &UnitStatus) -> Option<String> {
        let id = status.unit.as_str();
        if let Some(why) = protected::why(asked.as_str()).map(str::to_owned).or_else(|| self.own(id)) {
            return Some(format!("{asked} {why}"));
        }
        // What is reloaded goes on, and so does all that needs it.
        if operation == Operation::Reload {
            return None;
        }
        let Some(units) = self.units.as_ref().filter(|units| units.contains_key(id)) else {
            return Some(format!("{asked} may take others along: what depends on it could not be read"));
        };
        let how = if operation == Operation::Start { "is in conflict with" } else { "takes along" };
        let lost = lost(units, operation, id);
        lost.iter().find_map(|other| Some(format!("{asked} {how} {other}, which {}", self.own(other)?)))
    }

    /// The active units that stop along with the change of these, and are none of them.
    pub(super) fn along<'a>(
        &'a self,
        operation: Operation,
        units: impl Iterator<Item = &'a UnitName> + Clone,
    ) -> BTreeSet<&'a str> {
        let Some(known) = &self.units else { return BTreeSet::new() };
        let mut along: BTreeSet<&str> =
            units.clone().flat_map(|unit| lost(known, operation, unit.as_str())).collect();
        units.for_each(|unit| {
            along.remove(unit.as_str());
        });
        along
    }

    /// Why a unit itself must not go.
    pub(super) fn own(&self, unit: &str) -> Option<String> {
        if let Some(why) = protected::why(unit) {
            return Some(why.to_owned());
        }
        if self.session.contains(unit) {
            let what = if self.is_here { "is what Nixi itself runs in" } else { "is how this login came in" };
            return Some(format!("{what}: without it you may be cut off"));
        }
        let known = self.units.as_ref()?.get(unit)?;
        if let Some((action, setting)) = &known.ends_by {
            return Some(format!("has systemd do a {action} of the whole node when it ends ({setting})"));
        }
        let program = known.runs.as_ref()?;
        Some(format!("runs `{program}`, which may keep the node within reach: you may be cut off"))
    }
}

/// What a read printed; nothing, if the node cannot run it.
fn told(answer: ReadAnswer) -> Result<Option<String>, ToolError> {
    let output = answer.output()?;
    let is_whole = output.exit.is_success() && !output.truncated;
    Ok(is_whole.then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The active units, besides itself, that stop when a unit is changed (systemd.unit(5): `Requires=`, `Requisite=`, `BindsTo=`,
/// `PartOf=`, `PropagatesStopTo=`, `Conflicts=`).
fn lost<'a>(units: &'a BTreeMap<String, Known>, operation: Operation, id: &'a str) -> BTreeSet<&'a str> {
    let closure = |start: Vec<&'a str>, next: fn(&Known) -> &[String]| {
        let (mut found, mut open) = (BTreeSet::new(), start);
        while let Some(unit) = open.pop() {
            if found.insert(unit) {
                open.extend(units.get(unit).into_iter().flat_map(next).map(String::as_str));
            }
        }
        found
    };
    let is_active = |unit: &&str| units.get(*unit).is_some_and(|known| known.is_active);
    let first: Vec<&str> = match operation {
        Operation::Reload => return BTreeSet::new(),
        Operation::Stop | Operation::Restart => vec![id],
        Operation::Start => closure(vec![id], |unit| &unit.pulls_in)
            .into_iter()
            .filter(|unit| *unit == id || !is_active(unit))
            .filter_map(|unit| units.get(unit))
            .flat_map(|unit| unit.excludes.iter().map(String::as_str))
            .filter(is_active)
            .collect(),
    };
    let mut lost = closure(first, |unit| &unit.takes_down);
    lost.retain(|unit| *unit != id && is_active(unit));
    lost
}

/// `systemctl show` of all units. A command of several lines may look like anything: what has no `Id` is no unit.
fn known(text: &str) -> BTreeMap<String, Known> {
    let blocks = blocks_of_any(text);
    blocks.iter().filter_map(|block| Some((block.get("Id")?.to_owned(), one(block)))).collect()
}

fn one(block: &Block<'_>) -> Known {
    let words = |keys: &[&str]| -> Vec<String> {
        let values = keys.iter().filter_map(|key| block.get(key));
        values.flat_map(str::split_whitespace).map(str::to_owned).collect()
    };
    let action = |key: &'static str| {
        block.get(key).filter(|action| *action != "none").map(|action| (action.to_owned(), key))
    };
    Known {
        is_active: block.get("ActiveState").is_some_and(|state| !matches!(state, "inactive" | "failed")),
        takes_down: words(&["RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo"]),
        excludes: words(&["Conflicts", "ConflictedBy"]),
        pulls_in: words(&["Requires", "BindsTo", "Wants"]),
        triggered_by: words(&["TriggeredBy"]),
        ends_by: action("SuccessAction").or_else(|| action("FailureAction")),
        runs: block.all("ExecStart").find_map(carrier),
    }
}

/// The first program of [`CARRIERS`] in a command line as systemd shows it, be it behind a shell or another program.
fn carrier(line: &str) -> Option<String> {
    let words = || line.split(|c: char| c.is_whitespace() || "'\";&|(){}".contains(c));
    let is_dialled_back = || {
        words().any(|word| {
            word.contains("RemoteForward")
                || word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains('R'))
        })
    };
    words().map(|word| word.rsplit('/').next().unwrap_or(word)).find_map(|program| {
        let carries = CARRIERS.contains(&program) || (program == "ssh" && is_dialled_back());
        carries.then(|| program.to_owned())
    })
}

/// The services in whose control groups the processes are that `ps` itself descends from. Columns: process, parent, name,
/// control groups.
fn ancestry(text: &str) -> BTreeSet<String> {
    let row = |line: &str| -> Option<(u32, (u32, bool, String))> {
        let mut words = line.split_whitespace();
        let (pid, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (is_ps, groups) = (words.next()? == "ps", words.last()?.to_owned());
        Some((pid, (parent, is_ps, groups)))
    };
    let processes: BTreeMap<u32, (u32, bool, String)> = text.lines().filter_map(row).collect();
    let mut seen = BTreeSet::new();
    let mut services = BTreeSet::new();
    for (start, _) in processes.iter().filter(|(_, (_, is_ps, _))| *is_ps) {
        let mut at = *start;
        while let Some((parent, _, groups)) = processes.get(&at) {
            if !seen.insert(at) {
                break;
            }
            let units = groups.split(['/', ',']).filter(|part| part.ends_with(".service"));
            services.extend(units.map(str::to_owned));
            at = *parent;
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From systemd 252 and 256, shortened to what matters.
    const UNITS: &str = "\
ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; master_process on; ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Id=nginx.service
Requires=system.slice sysinit.target
Wants=network.target
RequiredBy=
Conflicts=shutdown.target
ConflictedBy=
ActiveState=active
SuccessAction=none
FailureAction=none

Id=base.service
RequiredBy=middle.service
ActiveState=active
SuccessAction=none

Id=middle.service
ConsistsOf=sshd.service nginx.service
ActiveState=inactive

Id=sshd.service
ActiveState=active
ExecStart={ path=/nix/store/x-openssh/bin/sshd ; argv[]=/nix/store/x-openssh/bin/sshd -D -f /etc/ssh/sshd_config ; ignore_errors=no }

Id=door.service
ActiveState=active
TriggeredBy=door.socket
ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c exec /opt/odd/listener ; ignore_errors=no }

Id=back.service
ActiveState=active
ExecStart={ path=/usr/bin/ssh ; argv[]=/usr/bin/ssh -N -o ExitOnForwardFailure=yes -R 2222:localhost:22 relay.example ; ignore_errors=no }

Id=copy.service
ActiveState=active
ExecStart={ path=/usr/bin/ssh ; argv[]=/usr/bin/ssh -N -L 8080:localhost:80 relay.example ; ignore_errors=no }

Id=last.service
ActiveState=active
SuccessAction=poweroff-force
FailureAction=none

Id=rival.service
ActiveState=inactive
Requires=helper.service
ConflictedBy=nginx.service

Id=helper.service
ActiveState=inactive
Conflicts=base.service

Id=multi.service
ActiveState=active
ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c set -e

wg set wg0 peer x
; ignore_errors=no }
";

    /// Of OpenSSH 9.2 with pam_systemd, and its listener under another name.
    const PROCESSES: &str = "\
      1       0 systemd         0::/init.scope
    700       1 listener        0::/system.slice/door.service
    810     700 sshd            0::/user.slice/user-1000.slice/session-3.scope
    812     810 sshd            0::/user.slice/user-1000.slice/session-3.scope
    820     812 ps              0::/user.slice/user-1000.slice/session-3.scope
    900       1 tmux: server    0::/system.slice/nginx.service
";

    fn surroundings(units: &str, processes: &str) -> Surroundings {
        let units = Some(known(units)).filter(|units| !units.is_empty());
        Surroundings::of(units, ancestry(processes), false)
    }

    fn why(around: &Surroundings, operation: Operation, unit: &str) -> Option<String> {
        let name: UnitName = unit.parse().unwrap();
        let status = UnitStatus { unit: name.clone(), ..UnitStatus::named(unit) };
        around.why(operation, &name, &status)
    }

    #[test]
    fn a_unit_is_judged_by_what_it_does() {
        let around = surroundings(UNITS, PROCESSES);
        for (operation, unit, told) in [
            (Operation::Stop, "sshd.service", "sshd.service keeps the node within reach"),
            (Operation::Restart, "door.service", "door.service is how this login came in"),
            (Operation::Stop, "door.socket", "door.socket is how this login came in"),
            (Operation::Stop, "base.service", "base.service takes along sshd.service, which keeps the node"),
            (Operation::Restart, "back.service", "back.service runs `ssh`"),
            (
                Operation::Stop,
                "last.service",
                "poweroff-force of the whole node when it ends (SuccessAction)",
            ),
            (Operation::Start, "rival.service", "rival.service is in conflict with sshd.service"),
            (Operation::Stop, "unheard.service", "what depends on it could not be read"),
        ] {
            let why = why(&around, operation, unit).unwrap_or_else(|| panic!("{unit} is in no danger"));
            assert!(why.contains(told), "{why}");
        }
        for (operation, unit) in [
            (Operation::Stop, "nginx.service"),
            (Operation::Restart, "nginx.service"),
            (Operation::Start, "base.service"),
            (Operation::Stop, "copy.service"),
            (Operation::Stop, "rival.service"),
        ] {
            assert_eq!(why(&around, operation, unit), None, "{unit}");
        }
    }

    #[test]
    fn what_stops_along_is_told_but_for_what_was_asked_for() {
        let around = surroundings(UNITS, PROCESSES);
        let along = |operation, units: &[&str]| {
            let units: Vec<UnitName> = units.iter().map(|unit| unit.parse().unwrap()).collect();
            around.along(operation, units.iter()).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(along(Operation::Stop, &["base.service"]), ["nginx.service", "sshd.service"]);
        assert_eq!(along(Operation::Stop, &["base.service", "nginx.service"]), ["sshd.service"]);
        assert_eq!(
            along(Operation::Start, &["rival.service"]),
            ["base.service", "nginx.service", "sshd.service"]
        );
        assert_eq!(along(Operation::Stop, &["nginx.service"]), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_no_leave() {
        let blind = surroundings("", "");
        assert!(why(&blind, Operation::Stop, "nginx.service").unwrap().contains("could not be read"));
        let no_processes = surroundings(UNITS, "");
        assert_eq!(why(&no_processes, Operation::Stop, "nginx.service"), None);
        assert!(why(&no_processes, Operation::Stop, "back.service").is_some());
    }

    #[test]
    fn control_groups_of_every_kind() {
        let v1 = "1 0 systemd 1:name=systemd:/init.scope\n\
                  20 1 sshd 12:pids:/system.slice/odd.service,1:name=systemd:/system.slice/odd.service,0::/\n\
                  21 20 ps 1:name=systemd:/system.slice/system-ssh.slice/ssh@3-10.0.0.1:22-10.0.0.2:5000.service\n";
        let expected = ["odd.service", "ssh@3-10.0.0.1:22-10.0.0.2:5000.service"];
        assert!(ancestry(v1).iter().eq(expected), "{:?}", ancestry(v1));
        // A circle, and hidden parents.
        assert!(
            ancestry("5 6 ps 0::/a.service\n6 5 x 0::/b.service\n").iter().eq(["a.service", "b.service"])
        );
        assert!(ancestry("5 6 ps 0::/user.slice\n").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|RequiredBy|ExecStart|Conflicts)=?[a-z.; ]*\n{0,2}){0,9}", rows in "([0-9]{1,2} [0-9]{1,2} ps [/a-z.]*\n){0,9}") {
            let around = surroundings(&text, &rows);
            let _ = why(&around, Operation::Start, "a.service");
        }
    }
}
