//! Nodes: the machines Nixi looks after, and the names that people give them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::canonical::CanonicalHost;
use crate::jump::Jump;
use crate::mode::Mode;
use crate::word::{BadWord, checked_word};

checked_word! {
    /// The name a person gave a node: letters, digits, `-` and `_`, at most 64, neither `local` nor `all`.
    NodeName, "a node name", |word| match word {
        "" => Err("it is empty"),
        "local" => Err("`local` always means the controller"),
        "all" => Err("`all` always means every node"),
        _ if word.len() > 64 => Err("it is longer than 64 characters"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') => Ok(()),
        _ => Err("use letters, digits, `-` and `_`"),
    }
}

impl NodeName {
    pub(crate) const CONTROLLER: &str = "local";

    /// The controller's own name in every plan, result and command: `local`.
    pub(crate) fn controller() -> Self {
        Self(Self::CONTROLLER.to_owned())
    }
}

checked_word! {
    /// A host as SSH reaches it: a host name, an IPv4 or an IPv6 address (without brackets), the latter perhaps with the
    /// interface it is reached by (`fe80::1%eth0`).
    Host, "a host", |word| {
        if word.parse::<IpAddr>().is_ok() || is_scoped(word) {
            return Ok(());
        }
        match word {
            "" => Err("it is empty"),
            _ if word.len() > 253 => Err("it is longer than 253 characters"),
            _ if word.starts_with(['-', '.']) => Err("it starts with `-` or `.`"),
            _ if word.contains('@') => Err("the user is a word of its own, not part of the host"),
            _ if word.contains(':') => Err("it is not an IPv6 address, and the port is set apart from the host"),
            _ if word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) => Ok(()),
            _ => Err("use a host name, an IPv4 or an IPv6 address"),
        }
    }
}

checked_word! {
    /// A login name. Beside those of useradd(8), the names that directories have are taken: `a@example.com`, `CORP\\a`,
    /// `svc$`. Refused is what ssh refuses on its own command line, since it may reach a shell there, and what cannot be seen.
    UserName, "a user name", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 255 => Err("it is longer than 255 bytes"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.ends_with('\\') => Err("it ends with a backslash"),
        _ if word.contains(char::is_whitespace) => Err("it has a blank in it"),
        _ if crate::text::clean_line(word) != word => Err("it has a character in it that cannot be seen"),
        _ if word.contains(['\'', '"', '`', ';', '&', '<', '>', '|', '(', ')', '{', '}']) => {
            Err("it has a character in it that means something to a shell, such as a quote or `;`")
        }
        _ => Ok(()),
    }
}

/// Whether it is an IPv6 address with the name of an interface behind it (RFC 4007, section 11).
fn is_scoped(word: &str) -> bool {
    word.split_once('%').is_some_and(|(address, zone)| {
        address.parse::<Ipv6Addr>().is_ok()
            && (1..=15).contains(&zone.len())
            && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._@".contains(&b))
    })
}

impl UserName {
    /// The user of a node whose configuration names none: `nixi`.
    #[must_use]
    pub fn page_default() -> Self {
        Self("nixi".to_owned())
    }

    /// Whether this is root, for whom nothing needs `sudo`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "root"
    }
}

checked_word! {
    /// A tag of a node: the same letters as a node name; written `@tag` where nodes are chosen.
    Tag, "a tag", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 64 => Err("it is longer than 64 characters"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') => Ok(()),
        _ => Err("use letters, digits, `-` and `_`"),
    }
}

/// A TCP port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Port(std::num::NonZeroU16);

impl Port {
    /// 22, the port of SSH (RFC 4253, section 4.1).
    pub const SSH: Self = match std::num::NonZeroU16::new(22) {
        Some(port) => Self(port),
        None => unreachable!(),
    };

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl TryFrom<u16> for Port {
    type Error = BadWord;
    fn try_from(port: u16) -> Result<Self, BadWord> {
        std::num::NonZeroU16::new(port).map(Self).ok_or_else(|| BadWord::new("a port", "0", "use 1 to 65535"))
    }
}

impl FromStr for Port {
    type Err = BadWord;
    fn from_str(word: &str) -> Result<Self, BadWord> {
        word.parse().map(Self).map_err(|_| BadWord::new("a port", word, "use 1 to 65535"))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a node is, and how to get there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The controller: the machine that Nixi runs on.
    Local,
    /// A machine behind SSH.
    Ssh(SshTarget),
}

/// The SSH side of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SshTarget {
    /// Name or address.
    pub host: Host,
    /// TCP port.
    pub port: Port,
    /// Login user.
    pub user: UserName,
    /// A private key of this node's own, tried before all others.
    pub identity: Option<PathBuf>,
    /// Which of these Nixi's own configuration says.
    pub given: Given,
    /// The way there.
    pub jump: Jump,
}

/// What of a target Nixi's own configuration says. For the rest a default stands there, over which the user's SSH
/// configuration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Given {
    /// The port.
    pub port: bool,
    /// The user.
    pub user: bool,
}

impl Given {
    /// Everything.
    pub const ALL: Self = Self { port: true, user: true };
}

/// Where a target leads once the user's SSH configuration has been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name or address that is connected to.
    pub host: Host,
    /// Its port.
    pub port: Port,
    /// The login user.
    pub user: UserName,
    /// The name by which its host keys are known wherever it is, if it has one (`HostKeyAlias`).
    pub alias: Option<Host>,
}

/// One machine: its name, where it is, and what Nixi may do to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    name: NodeName,
    target: Target,
    mode: Mode,
    tags: Vec<Tag>,
}

impl Node {
    /// A remote node.
    #[must_use]
    pub fn remote(name: NodeName, target: SshTarget, mode: Mode) -> Self {
        Self { name, target: Target::Ssh(target), mode, tags: Vec::new() }
    }

    /// The controller: always there, always managed, always called `local`.
    #[must_use]
    pub fn controller() -> Self {
        Self { name: NodeName::controller(), target: Target::Local, mode: Mode::Managed, tags: Vec::new() }
    }

    /// The same node with these tags.
    #[must_use]
    pub fn with_tags(mut self, tags: Vec<Tag>) -> Self {
        self.tags = tags;
        self
    }

    /// The node's name; `local` for the controller.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.name
    }

    /// Where the node is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The SSH side, if the node is remote.
    #[must_use]
    pub fn ssh(&self) -> Option<&SshTarget> {
        match &self.target {
            Target::Ssh(ssh) => Some(ssh),
            Target::Local => None,
        }
    }

    /// Whether this is the controller.
    #[must_use]
    pub fn is_controller(&self) -> bool {
        self.target == Target::Local
    }

    /// Managed or monitored.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The tags of the node, as configured.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The same node, with what its configuration left open as it is there.
    #[must_use]
    pub(crate) fn at(mut self, place: &Place) -> Self {
        if let Target::Ssh(ssh) = &mut self.target {
            ssh.port = place.port;
            ssh.user = place.user.clone();
        }
        self
    }

    /// The same node, reached in this way.
    #[must_use]
    pub(crate) fn by(mut self, jump: Jump) -> Self {
        if let Target::Ssh(ssh) = &mut self.target {
            ssh.jump = jump;
        }
        self
    }

    /// Host and port in the one spelling that they have, if the node is remote.
    pub(crate) fn spot(&self) -> Option<(CanonicalHost, Port)> {
        self.ssh().map(|ssh| (CanonicalHost::of(&ssh.host), ssh.port))
    }

    /// Whether both are the same host and port in different modes, whatever the spelling and the way there. One machine
    /// that is read-only under one name only is a trap, so no configuration may say that.
    #[must_use]
    pub fn is_at_odds_with(&self, other: &Self) -> bool {
        self.mode != other.mode && self.spot().is_some() && self.spot() == other.spot()
    }

    /// The node's own private key, if it has one.
    #[must_use]
    pub fn identity(&self) -> Option<&Path> {
        self.ssh().and_then(|ssh| ssh.identity.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_page_are_names() {
        for word in ["web-server", "db-server", "monitoring", "nixi-2", "A_b9"] {
            assert!(word.parse::<NodeName>().is_ok(), "{word}");
        }
        for word in ["", "local", "all", "-x", "a b", "a.b", "é", "a\n", &"x".repeat(65)] {
            assert!(word.parse::<NodeName>().is_err(), "{word:?}");
        }
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        for word in
            ["192.168.1.10", "::1", "fe80::1", "fe80::1%eth0", "fe80::1%br-lan.7", "db.example.org", "nixi"]
        {
            assert!(word.parse::<Host>().is_ok(), "{word}");
        }
        for word in [
            "",
            "-oProxyCommand=x",
            "a b",
            "root@host",
            "host:22",
            "[::1]",
            ".x",
            "fe80::1%",
            "fe80::1%a b",
            "fe80::1%$x",
            "1.2.3.4%eth0",
            "web%eth0",
        ] {
            assert!(word.parse::<Host>().is_err(), "{word:?}");
        }
    }

    #[test]
    fn users_of_directories_are_users_and_nothing_reaches_a_shell() {
        let long = "x".repeat(33);
        for word in [
            "nixi",
            "alice@corp.example.com",
            "CORP\\alice",
            "svc$",
            "a+b",
            "ops=x",
            "ops:web:ssh",
            "jürgen",
            "42",
            "A",
            &long,
        ] {
            assert_eq!(word.parse::<UserName>().unwrap().as_str(), word);
        }
        let long = "x".repeat(256);
        for word in [
            "",
            "-oProxyCommand=x",
            "a b",
            "a\tb",
            "a\nb",
            "a\u{1b}[2J",
            "a\0b",
            "a\u{200b}b",
            "a\u{a0}b",
            "a;b",
            "a'b",
            "a\"b",
            "a`b`",
            "$(a)",
            "${a}",
            "a|b",
            "a&b",
            "a>b",
            "a\\",
            &long,
        ] {
            assert!(word.parse::<UserName>().is_err(), "{word:?}");
        }
    }

    #[test]
    fn a_bad_word_is_shown_without_its_escapes() {
        let error = "a\u{1b}[2J".parse::<NodeName>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}
