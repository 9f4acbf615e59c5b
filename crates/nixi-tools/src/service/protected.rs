//! Units whose change can take a node away.

/// Why a change of this unit is destructive, whatever the action: without it the node is not reached any more, or
/// it is off.
pub(super) fn why(unit: &str) -> Option<&'static str> {
    /// sshd, the networks and tunnels, and the bus that systemd is spoken to over, under all their names.
    const LIFELINES: [&str; 20] = [
        "sshd",
        "ssh",
        "systemd-networkd",
        "NetworkManager",
        "dbus",
        "dbus-broker",
        "dhcpcd",
        "dhclient",
        "wpa_supplicant",
        "iwd",
        "connman",
        "networking",
        "network-setup",
        "tailscaled",
        "wg-quick",
        "openvpn",
        "openvpn-client",
        "openvpn-server",
        "zerotierone",
        "nebula",
    ];
    /// The same with the name of an interface or a network behind them, as NixOS makes them.
    const LIFELINES_OF: [&str; 6] =
        ["wpa_supplicant-", "wg-quick-", "wireguard-", "network-addresses-", "network-link-", "openvpn-"];
    const FIREWALLS: [&str; 5] = ["firewall", "firewalld", "nftables", "iptables", "ufw"];
    /// Started, each of these ends what runs (systemd.special(7)).
    const ENDS: [&str; 12] = [
        "systemd-poweroff",
        "systemd-reboot",
        "systemd-halt",
        "systemd-kexec",
        "systemd-soft-reboot",
        "systemd-suspend",
        "systemd-hibernate",
        "systemd-hybrid-sleep",
        "systemd-suspend-then-hibernate",
        "rescue",
        "emergency",
        "initrd-switch-root",
    ];
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let stem = stem.split('@').next().unwrap_or(stem);
    // `br0-netdev` makes the bridge br0.
    let is_of = LIFELINES_OF.iter().any(|start| stem.starts_with(start)) || stem.ends_with("-netdev");
    if LIFELINES.contains(&stem) || is_of {
        Some("keeps the node within reach: without it you may be cut off")
    } else if FIREWALLS.contains(&stem) {
        Some("is the node's firewall: a change may cut you off, or leave the node open to others")
    } else if ENDS.contains(&stem) {
        Some("ends or suspends everything that runs on the node")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn under_all_their_names() {
        for unit in [
            "sshd.service",
            "sshd.socket",
            "sshd@3-10.0.0.1:22.service",
            "ssh.service",
            "systemd-networkd.socket",
            "NetworkManager.service",
            "dbus.service",
            "dbus-broker.service",
            "dhcpcd.service",
            "wpa_supplicant.service",
            "wpa_supplicant-wlan0.service",
            "iwd.service",
            "network-setup.service",
            "network-addresses-eth0.service",
            "br0-netdev.service",
            "tailscaled.service",
            "wg-quick-wg0.service",
            "wg-quick@wg0.service",
            "wireguard-wg0.service",
            "openvpn-home.service",
            "openvpn@home.service",
            "zerotierone.service",
            "nebula@mesh.service",
            "firewall.service",
            "nftables.service",
            "systemd-poweroff.service",
        ] {
            assert!(why(unit).is_some(), "{unit}");
        }
        for unit in [
            "nginx.service",
            "sshd-keygen.service",
            "NetworkManager-wait-online.service",
            "dbus2.service",
            "networkd-dispatcher.service",
            "tailscaled2.service",
            "firewall-report.service",
        ] {
            assert!(why(unit).is_none(), "{unit}");
        }
    }
}
