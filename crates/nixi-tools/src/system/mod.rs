//! The tool `system`.

pub(crate) mod disk;
mod info;
pub(crate) mod memory;
mod power;
mod poweroff;
mod reboot;
mod release;
mod resources;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use disk::Disk;
pub use info::{Info, InfoReport};
pub use memory::Memory;
pub use poweroff::Poweroff;
pub use reboot::Reboot;
pub use resources::{Load, Resources, ResourcesReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(Info)?.inspect(Resources)?.change(Reboot)?.change(Poweroff)
}
