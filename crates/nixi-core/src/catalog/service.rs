//! Reads of systemd's units.

use crate::command::{Command, Program, Read, UnitName};

const SYSTEMCTL: Program = Program::new("systemctl");

/// Finer states of a service that ended and is about to be started again.
pub const BETWEEN_TRIES: [&str; 4] =
    ["auto-restart", "auto-restart-queued", "failed-before-auto-restart", "dead-before-auto-restart"];

/// All loaded services, as a JSON array of `unit`, `load`, `active`, `sub`, `description`.
pub fn list() -> Command<Read> {
    Command::read(SYSTEMCTL, ["list-units", "--type=service", "--all", "--output=json", "--no-pager"])
}

/// All units of any kind that have failed, and the services between a failure and the next try, in the same form.
pub fn failed() -> Command<Read> {
    const STATES: &str = "--state=failed,auto-restart,auto-restart-queued,dead-before-auto-restart";
    Command::read(SYSTEMCTL, ["list-units", STATES, "--all", "--output=json", "--no-pager"])
}

/// `KEY=VALUE` lines of all loaded services, in the form of [`show`]: how often each was restarted by itself, and when
/// it last changed. A service that dies again and again runs between two deaths, so its state alone does not tell.
pub fn restarts() -> Command<Read> {
    const PROPERTIES: &str = "--property=Id,Description,LoadState,ActiveState,SubState,NRestarts,Result,\
                              StateChangeTimestamp,ActiveEnterTimestampMonotonic";
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--", "*.service"])
}

/// `KEY=VALUE` lines of some units, an empty line between two units; a unit that does not exist has
/// `LoadState=not-found`.
pub fn show(units: &[UnitName]) -> Command<Read> {
    const PROPERTIES: &str = "--property=Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID,\
                              ActiveEnterTimestamp,MemoryCurrent,NRestarts,Result,ExecMainStatus";
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}

/// `KEY=VALUE` lines of these and of all loaded units, in the form of [`show`]: what each stops, starts, runs, and does to
/// the whole node.
pub fn dependencies(units: &[UnitName]) -> Command<Read> {
    const PROPERTIES: &str = "--property=Id,ActiveState,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,PropagatesStopTo,\
                              Conflicts,ConflictedBy,Requires,BindsTo,Wants,TriggeredBy,SuccessAction,FailureAction,\
                              ExecStart";
    const LOADED: [&str; 6] = ["*.service", "*.socket", "*.timer", "*.path", "*.target", "*.mount"];
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
        .and(LOADED.map(str::to_owned))
}

/// `KEY=VALUE` lines of a unit that was started: whether it stays up.
pub(crate) fn settling(unit: &UnitName) -> Command<Read> {
    const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,Type,Result,ExecMainStatus,NRestarts,\
                              InvocationID,Job,ConditionResult,ConditionTimestampMonotonic";
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--"]).and([unit.qualified().to_string()])
}

/// `Id` and `LoadState` of some units, in the form of [`show`]: whether they are there, and nothing that changes by
/// itself.
pub fn identities(units: &[UnitName]) -> Command<Read> {
    Command::read(SYSTEMCTL, ["show", "--no-pager", "--property=Id,LoadState", "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}

/// Whether podman starts containers again when the node boots: `enabled`, or something else
/// (podman-restart.service, which is off by default).
pub fn podman_restart() -> Command<Read> {
    Command::read(
        SYSTEMCTL,
        ["show", "--no-pager", "--property=UnitFileState", "--value", "--", "podman-restart.service"],
    )
}

/// `Id` and `CanReload` of some units, in the form of [`show`]: whether they can read their configuration anew.
pub fn reloadable(units: &[UnitName]) -> Command<Read> {
    Command::read(SYSTEMCTL, ["show", "--no-pager", "--property=Id,CanReload", "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}

/// What starts some units, in the form of [`show`]: the units that want or require each, and those that trigger it.
pub fn started_by(units: &[UnitName]) -> Command<Read> {
    const PROPERTIES: &str = "--property=Id,WantedBy,RequiredBy,TriggeredBy";
    Command::read(SYSTEMCTL, ["show", "--no-pager", PROPERTIES, "--"])
        .and(units.iter().map(|unit| unit.qualified().to_string()))
}

/// The services that may be a firewall, in the form of [`show`]: whether each is there and active, and what it runs.
pub fn firewalls() -> Command<Read> {
    Command::read(SYSTEMCTL, ["show", "--no-pager", "--property=Id,LoadState,ActiveState,ExecStart", "--"])
        .and(["firewall.service", "nftables.service", "firewalld.service"])
}
