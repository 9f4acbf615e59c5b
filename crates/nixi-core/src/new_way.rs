//! The way to a node after a switch, where that changes it on purpose.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::exec::Fingerprint;
use crate::fleet::address;
use crate::node::{Host, Node, Port, Target, UserName};

/// What of the way to a node a switch changes on purpose; what is none stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewWay {
    /// Its address.
    pub host: Option<Host>,
    /// The port of its sshd.
    pub port: Option<Port>,
    /// Who logs in.
    pub user: Option<UserName>,
    /// The host keys that its sshd will have, all of them, as sshd(8) writes a public key: `ssh-ed25519 AAAA…`. Empty where
    /// they stay.
    pub host_keys: Vec<String>,
}

impl NewWay {
    /// Whether all stays as it is.
    #[must_use]
    pub fn is_the_same(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it leads to another address or port, where host keys are recorded by themselves.
    #[must_use]
    pub fn leads_elsewhere(&self) -> bool {
        self.host.is_some() || self.port.is_some()
    }

    /// Whether what is declared of the node has to follow.
    #[must_use]
    pub fn is_declared_otherwise(&self) -> bool {
        self.leads_elsewhere() || self.user.is_some()
    }

    /// The fingerprints of the host keys that its sshd will have; empty where they stay.
    pub(crate) fn fingerprints(&self) -> Vec<Fingerprint> {
        let of = |key: &String| {
            let blob = STANDARD.decode(key.split_whitespace().nth(1)?).ok()?;
            format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob))).parse().ok()
        };
        self.host_keys.iter().filter_map(of).collect()
    }

    /// The node, reached by this way.
    pub(crate) fn to(&self, node: &Node) -> Node {
        let Target::Ssh(mut ssh) = node.target().clone() else { return node.clone() };
        let Self { host, port, user, host_keys: _ } = self.clone();
        ssh.given.port |= port.is_some();
        ssh.given.user |= user.is_some();
        ssh.host = host.unwrap_or(ssh.host);
        ssh.port = port.unwrap_or(ssh.port);
        ssh.user = user.unwrap_or(ssh.user);
        Node::remote(node.name().clone(), ssh, node.mode()).with_tags(node.tags().to_vec())
    }

    /// As a person reads it, for a node: `nixi@192.0.2.7:2222`, and what of its host keys is new.
    #[must_use]
    pub fn words(&self, node: &Node) -> String {
        let there = self.to(node);
        let at = there.ssh().map(|ssh| address(&ssh.user, &ssh.host, ssh.port)).unwrap_or_default();
        match self.host_keys.is_empty() {
            true => at,
            false => format!("{at}, with the host key {}", self.host_keys.join(" or ")),
        }
    }
}

/// What changes: `address 192.0.2.8, port 2222`.
impl fmt::Display for NewWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, host_keys } = self;
        let mut parts = Vec::new();
        parts.extend(host.as_ref().map(|host| format!("address {host}")));
        parts.extend(port.map(|port| format!("port {port}")));
        parts.extend(user.as_ref().map(|user| format!("user {user}")));
        parts.extend((!host_keys.is_empty()).then(|| "host key".to_owned()));
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `ssh-keygen -l` prints it.
    #[test]
    fn fingerprints_are_those_of_ssh() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
        let way = NewWay { host_keys: vec![key.to_owned(), "odd".to_owned()], ..NewWay::default() };
        let told: Vec<String> = way.fingerprints().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"]);
    }
}
