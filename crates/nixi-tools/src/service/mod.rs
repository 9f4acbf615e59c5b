//! The tool `service`.

mod failed;
mod lifecycle;
mod lifeline;
mod list;
mod logs;
mod protected;
mod restart;
pub(crate) mod restarts;
mod show;
mod start;
mod status;
mod stop;
pub(crate) mod unit;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use failed::{Failed, FailedReport, FailedUnit};
pub use lifecycle::ServiceTargets;
pub use list::List;
pub use logs::{Logs, LogsArgs};
pub use restart::Restart;
pub use show::UnitStatus;
pub(crate) use show::{is_there, readable};
pub use start::Start;
pub use status::{Status, StatusArgs, StatusReport};
pub use stop::Stop;
pub use unit::{Unit, UnitsReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    let reads = registry.inspect(List)?.inspect(Status)?.inspect(Failed)?.inspect(Logs)?;
    reads.change(Start)?.change(Stop)?.change(Restart)
}
