//! Reads of changes that a node runs as units; see docs/changes.md.

use crate::command::{ChangeId, Command, Program, Read, SYSTEMD_RUN};

const SYSTEMCTL: Program = Program::new("systemctl");

/// Whether systemd runs the node (sd_booted(3)): the exit code is 0 if it does.
pub(crate) fn has_systemd() -> Command<Read> {
    Command::read(Program::new("test"), ["-d", "/run/systemd/system"])
}

/// Whether sudo lets the login user run systemd-run: the exit code is 0 if it does, and nothing is run (sudo(8), `-l`).
pub(crate) fn may_run_units() -> Command<Read> {
    Command::read(Program::new("sudo"), ["-n", "-l", "--", SYSTEMD_RUN.as_str()])
}

/// The version of systemd-run, by root: whether sudo runs what changes are made with.
pub(crate) fn version() -> Command<Read> {
    Command::read(SYSTEMD_RUN, ["--version"]).by_root()
}

/// `KEY=VALUE` lines of the unit of a change; a job that is under way has a number.
pub(crate) fn state(of: &ChangeId) -> Command<Read> {
    Command::read(SYSTEMCTL, ["show", "--no-pager", "--property=ActiveState,Job", "--"]).and([of.unit()])
}

/// The records of a change: those that are there, each after a line with its path.
pub(crate) fn record(of: &ChangeId) -> Command<Read> {
    Command::read(Program::new("head"), ["-v", "-n", "5", "--"]).and([of.of_this_boot(), of.kept()])
}

/// The last lines that a change wrote to its standard output and error.
pub(crate) fn said(by: &ChangeId) -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--output=cat", "--no-pager", "--lines=100"])
        .and([format!("_SYSTEMD_UNIT={}", by.unit())])
        .by_root()
}
