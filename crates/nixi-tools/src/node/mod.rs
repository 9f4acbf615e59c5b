//! The tool `node`: Nixi's own list of nodes, on the controller.

mod list;
mod named;
mod remove;
mod restore;
mod status;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use list::{List, ListArgs, ListReport};
pub use remove::{Remove, RemoveArgs};
pub use restore::{Restore, RestoreArgs};
pub use status::{Status, StatusArgs, StatusReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(List)?.inspect(Status)?.change(Remove)?.change(Restore)
}
