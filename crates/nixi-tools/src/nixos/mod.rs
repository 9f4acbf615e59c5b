//! The tool `nixos`.

pub(crate) mod generation;
mod generations;
mod place;
mod rollback;
mod show;
mod switch;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use generation::Generation;
pub use generations::{Generations, GenerationsReport};
pub use place::{Kind, OwnModule, OwnState};
pub use rollback::{Rollback, RollbackArgs};
pub use show::{Show, ShowReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(Show)?.inspect(Generations)?.change(Rollback)
}
