//! The tool `service`.

mod at_boot;
mod failed;
mod lifecycle;
mod lifeline;
mod list;
mod logs;
mod protected;
pub(crate) mod restarts;
mod show;
mod status;
pub(crate) mod unit;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use at_boot::{AtBoot, DISABLE, ENABLE};
pub use failed::{Failed, FailedReport, FailedUnit};
pub use lifecycle::{Lifecycle, RELOAD, RESTART, START, STOP, ServiceTargets};
pub use list::List;
pub use logs::{Logs, LogsArgs};
pub use show::UnitStatus;
pub(crate) use show::{blocks_of_any, is_there, those_there};
pub use status::{Status, StatusArgs, StatusReport};
pub use unit::{Unit, UnitsReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    let reads = registry.inspect(List)?.inspect(Status)?.inspect(Failed)?.inspect(Logs)?;
    reads.change(START)?.change(STOP)?.change(RESTART)?.change(RELOAD)?.change(ENABLE)?.change(DISABLE)
}
