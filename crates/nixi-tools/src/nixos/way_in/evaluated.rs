//! What a configuration comes to, as far as it is about the way in.

use std::collections::BTreeMap;
use std::net::IpAddr;

use nixi_core::command::StorePath;
use serde::Deserialize;
use serde_json::Value;

/// What a configuration comes to, as far as it is about the way in (`evaluated.nix` of core).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::nixos) struct Evaluated {
    /// What builds the system.
    pub(in crate::nixos) system: StorePath,
    /// What building it comes to: a path in the store, unless that is not known beforehand.
    pub(in crate::nixos) outcome: String,
    /// Whether it can be switched to.
    pub(in crate::nixos) switchable: bool,
    pub(super) sshd: Sshd,
    pub(super) ports: Vec<u16>,
    listen: Vec<Listen>,
    /// The files of its host keys.
    pub(super) host_keys: Vec<String>,
    pub(super) allow_users: Value,
    pub(super) deny_users: Value,
    pub(super) allow_groups: Value,
    pub(super) deny_groups: Value,
    pub(super) root_login: Value,
    /// Whether keys in the home of a user count.
    pub(super) keys_in_home: bool,
    firewall: Firewall,
    addresses: Vec<String>,
    /// The keys of each user who can log in.
    pub(super) users: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Firewall {
    enable: bool,
    open: Vec<u16>,
    ranges: Vec<Range>,
    interfaces: BTreeMap<String, Vec<u16>>,
    trusted: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sshd {
    pub(super) enable: bool,
    /// Whether it starts at boot.
    pub(super) starts: bool,
}

#[derive(Debug, Deserialize)]
struct Listen {
    addr: String,
}

#[derive(Debug, Deserialize)]
struct Range {
    from: u16,
    to: u16,
}

impl Evaluated {
    /// Whether a port is reached from outside.
    pub(super) fn lets_in(&self, port: u16) -> bool {
        let firewall = &self.firewall;
        let outer = firewall.trusted.iter().any(|interface| interface != "lo");
        !firewall.enable
            || outer
            || firewall.open.contains(&port)
            || firewall.ranges.iter().any(|range| (range.from..=range.to).contains(&port))
    }

    /// The interfaces on which alone a port is open.
    pub(super) fn only_on(&self, port: u16) -> Vec<&str> {
        let open = self.firewall.interfaces.iter().filter(|(_, ports)| ports.contains(&port));
        open.map(|(name, _)| name.as_str()).collect()
    }

    /// The addresses that it declares, without those that nobody else reaches.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let addresses = self.addresses.iter().filter_map(|text| {
            let address = text.split('/').next()?;
            address.parse::<IpAddr>().ok().filter(|address| !address.is_loopback())
        });
        addresses.collect()
    }

    /// The addresses that sshd listens on, where it does not on all.
    pub(super) fn listens_on(&self) -> Option<Vec<&str>> {
        let is_any = |listen: &Listen| matches!(listen.addr.as_str(), "0.0.0.0" | "::" | "[::]" | "*");
        let named = self.listen.iter().map(|listen| listen.addr.trim_matches(['[', ']'])).collect();
        (!self.listen.is_empty() && !self.listen.iter().any(is_any)).then_some(named)
    }
}
