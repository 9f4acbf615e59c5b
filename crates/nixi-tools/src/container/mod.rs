//! The tool `container`, for podman and docker alike.

mod deploy;
pub(crate) mod details;
pub(crate) mod failing;
mod identity;
mod inspect;
mod lifecycle;
mod list;
mod logs;
mod lookup;
pub(crate) mod output;
mod pause;
mod ports;
pub(crate) mod ps;
mod remove;
mod restart;
mod start;
mod stop;
mod store;
mod unpause;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use deploy::{
    CommandLine, Deploy, DeployArgs, Ports, PublishedPort, Redeploy, Restart, Undeploy, Update, Volume,
};
pub use details::{ContainerDetails, Mount};
pub use failing::Failing;
pub use inspect::{Inspection, InspectionArgs, InspectionReport};
pub use lifecycle::{ContainerTargets, Lifecycle};
pub use list::{List, ListReport, ListedContainer};
pub use logs::{Logs, LogsArgs, LogsReport};
pub use nixi_core::timed::Stream;
pub use output::OutputLine;
pub use pause::PAUSE;
pub use ps::Container;
pub use remove::REMOVE;
pub use restart::RESTART;
pub use start::START;
pub use stop::STOP;
pub use unpause::UNPAUSE;

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    let reads = registry.inspect(List)?.inspect(Inspection)?.inspect(Logs)?;
    let changes = reads.change(START)?.change(STOP)?.change(RESTART)?.change(REMOVE)?;
    let changes = changes.change(PAUSE)?.change(UNPAUSE)?;
    changes.change(Deploy)?.change(Update)?.change(Undeploy)?.change(Redeploy)
}
