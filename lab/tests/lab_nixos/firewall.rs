//! The firewall: what reaches a machine.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::host::Host;

fn reaches(host: &Host, port: u16) -> bool {
    let address = SocketAddr::from((host.machine().address(), port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

const SERVER: &str = "systemd.services.server = { wantedBy = [ \"multi-user.target\" ];
    serviceConfig.ExecStart = \"/bin/busybox httpd -f -p 8080 -h /var/empty\"; };";

/// A machine on which something listens, so that only the firewall decides.
fn with_server(lines: &str) -> Host {
    let host = Host::with(&format!("{SERVER} {lines}"));
    let listens = || Ok(host.holds("ss -Htln | grep -q ':8080 '"));
    host.machine().wait_until("listen", listens).unwrap();
    host
}

#[track_caller]
fn opens(host: &Host, lines: &str) {
    host.switch(&format!("{SERVER} {lines}"));
    host.machine().wait_until("let us in", || Ok(reaches(host, 8080))).unwrap();
}

#[track_caller]
fn closes(host: &Host, lines: &str) {
    host.switch(&format!("{SERVER} {lines}"));
    assert!(!reaches(host, 8080));
}

#[test]
fn a_port_is_closed_until_it_is_opened_and_closed_again_afterwards() {
    let host = with_server("");
    assert!(!reaches(&host, 8080));
    host.edit(&format!("{SERVER} networking.firewall.allowedTCPPorts = [ 8080 ];"));
    let said = host.rebuild("switch");
    assert!(said.stderr.contains("reloading the following units: firewall.service"), "{said}");
    host.machine().wait_until("let us in", || Ok(reaches(&host, 8080))).unwrap();
    closes(&host, "");
}

#[test]
fn ranges_and_interfaces_open_ports_too() {
    let host = with_server("");
    opens(&host, "networking.firewall.allowedTCPPortRanges = [ { from = 8000; to = 8100; } ];");
    closes(&host, "networking.firewall.interfaces.podman0.allowedTCPPorts = [ 8080 ];");
    opens(&host, "networking.firewall.interfaces.eth0.allowedTCPPorts = [ 8080 ];");
    closes(&host, "");
    opens(&host, "networking.firewall.enable = false;");
}

#[test]
fn closing_the_port_of_ssh_cuts_us_off_until_the_reboot() {
    let host = Host::up();
    host.edit("services.openssh.openFirewall = false;");
    assert_eq!(host.rebuild("test").code, 0);
    assert!(!host.machine().answers_ssh());
    host.machine().reboot().unwrap();
    assert_eq!(host.ssh("true").0, Some(0));
}

#[test]
fn a_reload_that_fails_leaves_the_firewall_off() {
    let host = with_server("");
    assert!(!reaches(&host, 8080));
    host.edit(&format!("{SERVER} networking.firewall.extraCommands = \"false\";"));
    let said = host.rebuild("switch");
    assert!(said.code != 0 && said.stderr.contains("Failed to reload firewall.service"), "{said}");
    host.machine().wait_until("let us in", || Ok(reaches(&host, 8080))).unwrap();
}

#[test]
fn rules_made_by_hand_fade_with_a_reload() {
    let host = Host::up();
    host.root("/usr/sbin/iptables -I nixos-fw -p tcp --dport 99 -j ACCEPT");
    host.switch("networking.firewall.allowedTCPPorts = [ 80 ];");
    assert!(!host.root("/usr/sbin/iptables -S").contains("--dport 99"));
}
