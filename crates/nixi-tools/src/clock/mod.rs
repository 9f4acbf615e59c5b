//! The tool `clock`.

mod now;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub(crate) use now::date;
pub use now::{Now, NowReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(Now)
}
