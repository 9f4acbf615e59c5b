//! Changes that may take longer than a connection lives.

use std::fmt;
use std::time::Duration;

use super::{Command, Elevation, Login, Program, Write};
use crate::{environment, shell};

/// The program that has systemd run a command.
pub(crate) const SYSTEMD_RUN: Program = Program::new("systemd-run");
/// Where a node keeps its records of changes until it is switched off. Memory: a full disk does not matter, and what
/// lies there was written since the last boot.
pub(super) const OF_THIS_BOOT: &str = "/run/nixi";
/// Where it keeps them beyond that.
const LASTING: &str = "/var/lib/nixi";
/// Setuid programs first, as NixOS has them; the last two are where other systems keep their programs.
pub(super) const PATH: &str = "/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin";

/// Has programs of systemd's say what they say on their standard error (systemctl(1), `$SYSTEMD_LOG_TARGET`). Where that
/// is the journal, they tell it by a message of their own instead, and one of a program that is gone before journald has
/// looked at it is filed under no unit: then nobody finds why it failed.
pub(super) const ON_STDERR: &str = "SYSTEMD_LOG_TARGET=console";

/// A change that outlives the connection it was sent over: the node runs it as root in a transient unit of its own,
/// and keeps a record of how it ended. See docs/changes.md.
///
/// What the command leaves running ends with its unit: nothing for `podman start`, but right for what only asks others,
/// as `systemctl` does.
///
/// It comes from [`Command::lasting`], and is a step of a plan like any other. Where a node cannot do that, the plan
/// runs the command directly, and warns of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing by itself"]
pub struct Lasting {
    command: Command<Write>,
    patience: Duration,
}

impl Command<Write> {
    /// The same command, with the rights of root, as a change that may outlast a connection. `patience` is how long its
    /// end is waited for; it is not ended after that, only not waited for.
    pub fn lasting(self, patience: Duration) -> Lasting {
        Lasting { command: self.elevated(), patience }
    }
}

impl Lasting {
    /// What the unit runs.
    pub fn command(&self) -> &Command<Write> {
        &self.command
    }

    /// How long its end is waited for.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The command without a unit.
    pub(crate) fn directly(self) -> Command<Write> {
        self.command
    }

    /// What has systemd run it. It ends as soon as systemd has taken it, and not when the unit has ended.
    ///
    /// The unit writes down that it began before it begins, and how it ended after that, whatever ended it. One whose
    /// number was used before does not begin.
    pub(crate) fn start(&self, id: &ChangeId) -> Command<Write> {
        let (here, kept) = (id.of_this_boot(), id.kept());
        Command::<Write>::new(SYSTEMD_RUN)
            // The record says how it ended: a unit that failed need not stay for that, and alarm whoever looks.
            .args(["--no-block", "--quiet", "--collect"])
            .arg(format!("--unit={}", id.unit()))
            .arg(format!("--setenv=PATH={PATH}"))
            .arg("--setenv=HOME=/root")
            .args(environment::SET.map(|(name, value)| format!("--setenv={name}={value}")))
            .arg(format!("--setenv={ON_STDERR}"))
            // What `systemctl set-environment` may have put there would lead it to another machine.
            .arg(format!("--property=UnsetEnvironment={}", environment::LEADING_AWAY.join(" ")))
            .arg(format!(
                "--property=ExecStartPre={}",
                shell::begin_record(&here, &kept, [OF_THIS_BOOT, LASTING])
            ))
            .arg(format!("--property=ExecStopPost={}", shell::end_record(&here, &kept)))
            .args(["--", self.command.program().as_str()])
            .args(self.command.arguments().iter().cloned())
            .elevated()
    }

    /// Whether all of its words are safe from systemd, which expands `$`; and see [`Lasting::start`].
    pub(crate) fn is_plain(&self) -> bool {
        !self.command.arguments().iter().any(|word| word.contains(['$', ';']))
    }

    /// As a person reads it in a plan: where it is run, and what is run. What is the same for every change is left out.
    pub(crate) fn for_login(&self, login: Login) -> String {
        let sudo = match login {
            Login::Root => "",
            Login::Other => "sudo -n -- ",
        };
        format!("{sudo}{SYSTEMD_RUN} … -- {}", self.command.for_login(Login::Root))
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.for_login(Login::Other))
    }
}

/// What a change that was begun is told to stop by.
pub(crate) fn stop(id: &ChangeId) -> Command<Write> {
    let mut stop = Command::<Write>::new(Program::new("systemctl"));
    stop.elevation = Elevation::Root;
    stop.args(["stop", "--no-block", "--"]).arg(id.unit())
}

/// The number of one change that is run once: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeId(String);

impl ChangeId {
    /// From the bytes of a digest that no other change has.
    pub(crate) fn of(digest: [u8; 32]) -> Self {
        Self(digest[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As its digits.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 16 && digits.bytes().all(is_digit)).then(|| Self(digits.to_owned()))
    }

    /// Its unit.
    pub(crate) fn unit(&self) -> String {
        format!("nixi-{}.service", self.0)
    }

    /// Its record, as long as the node is up.
    pub(crate) fn of_this_boot(&self) -> String {
        format!("{OF_THIS_BOOT}/{}", self.0)
    }

    /// Its record, if it could be written to the disk.
    pub(crate) fn kept(&self) -> String {
        format!("{LASTING}/{}", self.0)
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a node runs, to the letter.
    #[test]
    fn a_unit_keeps_a_record_of_itself() {
        let change = Command::<Write>::new(Program::new("podman")).args(["stop", "--", "web 1"]);
        let change = change.lasting(Duration::from_secs(60));
        let id = ChangeId::of([0x4a; 32]);
        insta::assert_snapshot!(change.start(&id), @r#"sudo -n -- systemd-run --no-block --quiet --collect '--unit=nixi-4a4a4a4a4a4a4a4a.service' '--setenv=PATH=/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin' '--setenv=HOME=/root' '--setenv=LC_ALL=C' '--setenv=SYSTEMD_LOG_TARGET=console' '--property=UnsetEnvironment=DOCKER_HOST CONTAINER_HOST CONTAINER_CONNECTION' '--property=ExecStartPre=/bin/sh -c "mkdir -p /run/nixi /var/lib/nixi || true && find /run/nixi /var/lib/nixi -type f -mtime +30 -delete || true && set -C && echo begun >/run/nixi/4a4a4a4a4a4a4a4a && (cp /run/nixi/4a4a4a4a4a4a4a4a /var/lib/nixi/4a4a4a4a4a4a4a4a && sync /var/lib/nixi/4a4a4a4a4a4a4a4a || true)"' '--property=ExecStopPost=/bin/sh -c "env | grep -e ^SERVICE_RESULT= -e ^EXIT_ >>/run/nixi/4a4a4a4a4a4a4a4a && echo ended >>/run/nixi/4a4a4a4a4a4a4a4a && (cp /run/nixi/4a4a4a4a4a4a4a4a /var/lib/nixi/4a4a4a4a4a4a4a4a && sync /var/lib/nixi/4a4a4a4a4a4a4a4a || true) && journalctl --sync"' -- podman stop -- 'web 1'"#);
        insta::assert_snapshot!(stop(&id), @"sudo -n -- systemctl stop --no-block -- nixi-4a4a4a4a4a4a4a4a.service");
        insta::assert_snapshot!(change, @"sudo -n -- systemd-run … -- podman stop -- 'web 1'");
        insta::assert_snapshot!(change.for_login(Login::Root), @"systemd-run … -- podman stop -- 'web 1'");
    }
}
