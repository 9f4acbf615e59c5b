//! The tool `network`.

pub(crate) mod interfaces;
mod ping;
pub(crate) mod ports;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use interfaces::{Interface, Interfaces, InterfacesReport};
pub use ping::{Ping, PingArgs, PingReport, RoundTrip};
pub use ports::{Listener, Ports, PortsReport};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(Interfaces)?.inspect(Ports)?.inspect(Ping)
}
