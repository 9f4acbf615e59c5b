//! The tool `firewall`.

mod close;
mod list;
mod open;
mod ports;
mod rules;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use close::Close;
pub use list::{Backend, FirewallReport, List, Opening, State};
pub use open::Open;
pub use ports::PortArgs;

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(List)?.change(Open)?.change(Close)
}
