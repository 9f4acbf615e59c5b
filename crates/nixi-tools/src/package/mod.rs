//! The tool `package`.

mod install;
pub(crate) mod list;
mod names;
mod remove;
mod search;
mod store_name;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use install::Install;
pub use list::{Installed, List, ListReport};
pub use names::PackageArgs;
pub use remove::Remove;
pub use search::{Found, Search, SearchArgs, SearchReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(List)?.inspect(Search)?.change(Install)?.change(Remove)
}
