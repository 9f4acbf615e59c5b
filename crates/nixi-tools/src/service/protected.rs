//! Units whose change can take a node away.

/// Why a change of this unit is destructive, whatever the action: without it the node is not reached any more, or
/// it is off.
pub(super) fn why(unit: &str) -> Option<&'static str> {
    /// sshd, the networks and the bus that systemd is spoken to over, under all their names.
    const LIFELINES: [&str; 6] = ["sshd", "ssh", "systemd-networkd", "NetworkManager", "dbus", "dbus-broker"];
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
    if LIFELINES.contains(&stem) {
        Some("keeps the node within reach: without it you may be cut off")
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
            "systemd-poweroff.service",
        ] {
            assert!(why(unit).is_some(), "{unit}");
        }
        for unit in
            ["nginx.service", "sshd-keygen.service", "NetworkManager-wait-online.service", "dbus2.service"]
        {
            assert!(why(unit).is_none(), "{unit}");
        }
    }
}
