//! The tool `log`.

mod query;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use query::{Query, QueryArgs};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(Query)
}
