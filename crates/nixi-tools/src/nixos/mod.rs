//! The tool `nixos`.

mod build;
mod check;
mod compose;
mod diff;
mod difference;
mod edit;
mod files;
pub(crate) mod generation;
mod generations;
pub(crate) mod ground;
mod place;
mod proposal;
mod rebuild;
mod rollback;
mod show;
mod switch;
mod way_in;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use check::{Check, CheckReport};
pub use compose::Composer;
pub use diff::{Diff, DiffReport};
pub use difference::Difference;
pub use edit::{EditArgs, SetOption};
pub use generation::Generation;
pub use generations::{Generations, GenerationsReport};
pub use place::{Kind, OwnModule, OwnState};
pub use rebuild::Rebuild;
pub use rollback::{Rollback, RollbackArgs};
pub use show::{Show, ShowReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry
        .inspect(Show)?
        .inspect(Generations)?
        .rehearse(Check)?
        .rehearse(Diff)?
        .change(Rollback)?
        .change(SetOption)?
        .change(Rebuild)
}
