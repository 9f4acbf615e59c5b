//! The tool `package`.

mod install;
mod names;
mod remove;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use install::Install;
pub use names::PackageArgs;
pub use remove::Remove;

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.change(Install)?.change(Remove)
}
