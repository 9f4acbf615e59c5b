//! Who the controller is, as the table of nodes shows it.

use std::net::UdpSocket;

use nixi_core::fleet::Controller;

pub(crate) fn controller() -> Controller {
    let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host_name = host_name.split('.').next().unwrap_or_default().to_owned();
    Controller { host_name, address: address().unwrap_or_else(|| "127.0.0.1".to_owned()) }
}

/// The address that packets to elsewhere would come from. Connecting a UDP socket looks up the route and sends
/// nothing (udp(7)); 192.0.2.1 is set aside for documentation (RFC 5737), so it belongs to nobody.
fn address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then(|| address.to_string())
}
