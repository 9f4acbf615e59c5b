//! Units whose change can take a node away.

/// Why a change of this unit is destructive, whatever the action: without it the node is not reached any more, or
/// it is off.
pub(super) fn why(unit: &str) -> Option<&'static str> {
    /// sshd, the networks and tunnels, and the bus that systemd is spoken to over, under all their names. Where
    /// `systemd-user-sessions` is stopped, only root may log in.
    const LIFELINES: &[&str] = &[
        "sshd",
        "ssh",
        "dropbear",
        "sslh",
        "systemd-networkd",
        "systemd-user-sessions",
        "NetworkManager",
        "ModemManager",
        "dbus",
        "dbus-broker",
        "dhcpcd",
        "dhclient",
        "wpa_supplicant",
        "iwd",
        "connman",
        "networking",
        "network",
        "network-setup",
        "network-interfaces",
        "network-local-commands",
        "ifup",
        "bird",
        "frr",
        "keepalived",
        "tailscaled",
        "netbird",
        "wg-quick",
        "openvpn",
        "openvpn-client",
        "openvpn-server",
        "zerotierone",
        "nebula",
        "ipsec",
        "xl2tpd",
        "autossh",
        "pppd",
        "cloudflared",
        "cloudflare-warp",
        "mullvad-daemon",
        "yggdrasil",
        "vpnclient",
    ];
    /// The same with the name of an interface, a network or a peer behind them, as NixOS makes them.
    const LIFELINES_OF: &[&str] = &[
        "wpa_supplicant-",
        "wg-quick-",
        "wireguard-",
        "network-addresses-",
        "network-link-",
        "openvpn-",
        "openconnect-",
        "openfortivpn-",
        "netbird-",
        "autossh-",
        "pppd-",
        "tinc.",
        "strongswan",
        "cloudflared-tunnel-",
        "iodine-",
        "ifup-",
    ];
    const FIREWALLS: &[&str] =
        &["firewall", "firewalld", "nftables", "iptables", "ip6tables", "ufw", "shorewall", "ferm"];
    /// Started, each of these ends what runs (systemd.special(7)).
    const ENDS: &[&str] = &[
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
    } else if stem == "nixos-upgrade" {
        Some("puts the whole node on another version of its system, or breaks that off halfway")
    } else if stem == "debug-shell" {
        Some("is a shell of root on the node's console that asks for no password")
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
            "nixos-upgrade.service",
            "nixos-upgrade.timer",
            "debug-shell.service",
            "netbird.service",
            "netbird-wt0.service",
            "autossh-home.service",
            "dropbear.service",
            "dropbear@3-10.0.0.1:22.service",
            "tinc.mesh.service",
            "strongswan.service",
            "strongswan-swanctl.service",
            "strongswan-starter.service",
            "pppd-dialup.service",
            "ifup@eth0.service",
            "network-interfaces.service",
            "systemd-user-sessions.service",
            "cloudflared-tunnel-6ff42ae2.service",
            "ipsec.service",
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
            "nixos-upgrade-report.service",
            "debug-shell2.service",
            "tincture.service",
            "pppoe-server.service",
            "networkd-notify.service",
            "birdsong.service",
        ] {
            assert!(why(unit).is_none(), "{unit}");
        }
    }
}
