//! The commands of a switch that goes back by itself unless it is confirmed.
//!
//! **Invariant.** The node needs nothing of ours beforehand, and nothing of the switch ends what watches over it: that is a
//! transient unit, which no configuration of the node's knows, and which systemd begins again when it is killed.

use std::time::Duration;

use super::lasting::{OF_THIS_BOOT, ON_STDERR, PATH};
use super::{ChangeId, Command, Program, SYSTEMD_RUN, StorePath, Write};
use crate::environment;
use crate::shell::{GUARD, guard_words};

const INSTALL: Program = Program::new("install");

/// The folder of one switch.
fn folder(of: &ChangeId) -> String {
    format!("{OF_THIS_BOOT}/{of}.guard")
}

/// What says how far a switch is.
pub(crate) fn state(of: &ChangeId) -> String {
    format!("{}/state", folder(of))
}

/// Puts what watches over the switch there: the script, which comes on standard input.
pub(crate) fn arm(id: &ChangeId) -> (Command<Write>, &'static str) {
    let path = format!("{}/run", folder(id));
    let put = Command::<Write>::new(INSTALL).args(["-D", "-m", "0644", "--", "/dev/stdin"]).arg(path);
    (put.elevated(), GUARD)
}

/// Has systemd begin the switch; it ends as soon as systemd has taken it. Killed, it is begun again, whatever killed it.
pub(crate) fn watch_over(
    id: &ChangeId,
    new: &StorePath,
    old: &StorePath,
    patience: Duration,
) -> Command<Write> {
    let script = format!("{}/run", folder(id));
    Command::<Write>::new(SYSTEMD_RUN)
        .args(["--no-block", "--quiet", "--collect"])
        .arg(format!("--unit={}", id.unit()))
        .args(["--property=Restart=always", "--property=RestartSec=1"])
        .args(["--property=RestartPreventExitStatus=0", "--property=StartLimitIntervalSec=0"])
        .arg(format!("--setenv=PATH={PATH}"))
        .arg("--setenv=HOME=/root")
        .args(environment::SET.map(|(name, value)| format!("--setenv={name}={value}")))
        .arg(format!("--setenv={ON_STDERR}"))
        .arg("--")
        .args(guard_words(&script))
        .args([new.as_str(), old.as_str()])
        .arg(patience.as_secs().to_string())
        .elevated()
}

/// Tells the node that it was reached over a new connection.
pub(crate) fn confirm(id: &ChangeId) -> Command<Write> {
    mark(id, "confirm")
}

/// Tells the node to go back at once.
pub(crate) fn refuse(id: &ChangeId) -> Command<Write> {
    mark(id, "refuse")
}

fn mark(id: &ChangeId, word: &str) -> Command<Write> {
    let path = format!("{}/{word}", folder(id));
    Command::<Write>::new(INSTALL).args(["-m", "0644", "--", "/dev/null"]).arg(path).elevated()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a node runs, to the letter.
    #[test]
    fn a_switch_is_watched_over_by_a_unit_of_its_own() {
        let id = ChangeId::of([0x4a; 32]);
        let path = |name: &str| format!("/nix/store/{}-{name}", "a".repeat(32)).parse().unwrap();
        insta::assert_snapshot!(arm(&id).0, @"sudo -n -- install -D -m 0644 -- /dev/stdin /run/nixi/4a4a4a4a4a4a4a4a.guard/run");
        insta::assert_snapshot!(watch_over(&id, &path("new"), &path("old"), Duration::from_secs(90)), @"sudo -n -- systemd-run --no-block --quiet --collect '--unit=nixi-4a4a4a4a4a4a4a4a.service' '--property=Restart=always' '--property=RestartSec=1' '--property=RestartPreventExitStatus=0' '--property=StartLimitIntervalSec=0' '--setenv=PATH=/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin' '--setenv=HOME=/root' '--setenv=LC_ALL=C' '--setenv=SYSTEMD_LOG_TARGET=console' -- /bin/sh /run/nixi/4a4a4a4a4a4a4a4a.guard/run /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-old 90");
        insta::assert_snapshot!(confirm(&id), @"sudo -n -- install -m 0644 -- /dev/null /run/nixi/4a4a4a4a4a4a4a4a.guard/confirm");
        insta::assert_snapshot!(refuse(&id), @"sudo -n -- install -m 0644 -- /dev/null /run/nixi/4a4a4a4a4a4a4a4a.guard/refuse");
    }
}
