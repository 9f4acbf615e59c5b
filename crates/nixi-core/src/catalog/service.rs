//! Reads of systemd's units.

use crate::command::{Command, Program, Read, UnitName};

const SYSTEMCTL: Program = Program::new("systemctl");

/// All loaded services, as a JSON array of `unit`, `load`, `active`, `sub`, `description`.
pub fn list() -> Command<Read> {
    Command::read(SYSTEMCTL, ["list-units", "--type=service", "--all", "--output=json", "--no-pager"])
}

/// All failed units of any kind, in the same form.
pub fn failed() -> Command<Read> {
    Command::read(SYSTEMCTL, ["list-units", "--state=failed", "--all", "--output=json", "--no-pager"])
}

/// `KEY=VALUE` lines of some units, an empty line between two units; a unit that does not exist has
/// `LoadState=not-found`.
pub fn show(units: &[UnitName]) -> Command<Read> {
    const PROPERTIES: &str = "--property=Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID,\
                              ActiveEnterTimestamp,MemoryCurrent,NRestarts,Result,ExecMainStatus";
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}

/// `Id` and `LoadState` of some units, in the form of [`show`]: whether they are there, and nothing that changes by
/// itself.
pub fn identities(units: &[UnitName]) -> Command<Read> {
    Command::read(SYSTEMCTL, ["show", "--no-pager", "--property=Id,LoadState", "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}
