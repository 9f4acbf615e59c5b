//! Reads of a switch that a node watches over; see docs/nixos.md.

use crate::command::{ChangeId, Command, Program, Read, UnitName, guard_state};

/// How far a switch is: `switching`, `switched CODE SECONDS`, `back WHY`, `returned CODE` or `confirmed`, the newest last.
pub(crate) fn state(of: &ChangeId) -> Command<Read> {
    Command::read(Program::new("tail"), ["-n", "4", "--"]).and([guard_state(of)])
}

/// The units that have failed, a line each, the name first.
pub(crate) fn failed_units() -> Command<Read> {
    Command::read(
        Program::new("systemctl"),
        ["list-units", "--state=failed", "--plain", "--no-legend", "--full", "--no-pager"],
    )
}

/// The last lines that a unit wrote.
pub(crate) fn last_lines(of: &UnitName) -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--output=cat", "--no-pager", "--lines=5"])
        .and([format!("--unit={}", of.as_str())])
        .by_root()
}
