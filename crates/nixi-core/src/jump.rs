//! Jump hosts: machines by way of which others are reached.

use std::fmt;
use std::str::FromStr;

use crate::node::{Host, Port, SshTarget, UserName};
use crate::word::BadWord;

/// The way to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Jump {
    /// Nothing is said; the user's SSH configuration may name jump hosts.
    Unsaid,
    /// Straight to it, whatever the user's SSH configuration says.
    Direct,
    /// By way of these, the nearest first.
    Through(Vec<SshTarget>),
}

impl Jump {
    /// Every jump host on the way, and on the ways to those.
    pub(crate) fn hosts(&self) -> Vec<&SshTarget> {
        match self {
            Self::Unsaid | Self::Direct => Vec::new(),
            Self::Through(hops) => {
                hops.iter().flat_map(|hop| std::iter::once(hop).chain(hop.jump.hosts())).collect()
            }
        }
    }
}

/// One jump host as people write it: `[user@]host[:port]`, an IPv6 address in brackets, or `ssh://` before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The login user, if one is named.
    pub user: Option<UserName>,
    /// A name that means something to whoever reads it, or an address.
    pub host: Host,
    /// The port, if one is named.
    pub port: Option<Port>,
}

impl Hop {
    /// A list of them with commas between, the nearest first; none at all for `none`.
    ///
    /// # Errors
    /// When one of them is no jump host.
    pub fn list(text: &str) -> Result<Vec<Self>, BadWord> {
        match text.trim() {
            word if word.eq_ignore_ascii_case("none") => Ok(Vec::new()),
            words => words.split(',').map(|word| word.trim().parse()).collect(),
        }
    }
}

impl FromStr for Hop {
    type Err = BadWord;

    fn from_str(word: &str) -> Result<Self, BadWord> {
        let bad = |why| BadWord::new("a jump host", word, why);
        let rest = match word.split_once("://") {
            Some(("ssh", rest)) => rest.strip_suffix('/').unwrap_or(rest),
            Some(_) => return Err(bad("of all addresses with `://` only ssh:// is one")),
            None => word,
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user.parse().map_err(|error: BadWord| bad(error.why()))?), rest),
            None => (None, rest),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']').ok_or_else(|| bad("a `]` is missing"))?;
                match after.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if after.is_empty() => (host, None),
                    None => return Err(bad("only `:PORT` may follow the `]`")),
                }
            }
            // More than one colon is an IPv6 address without brackets, which leaves no room for a port.
            None => match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                Some(_) | None => (rest, None),
            },
        };
        Ok(Self {
            user,
            host: host.parse().map_err(|error: BadWord| bad(error.why()))?,
            port: port.map(str::parse).transpose().map_err(|error: BadWord| bad(error.why()))?,
        })
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match (self.host.as_str().contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (false, None) => write!(f, "{}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_ssh_is_read() {
        for (word, shown) in [
            ("bastion", "bastion"),
            ("ops@bastion:2222", "ops@bastion:2222"),
            ("[fe80::1]:22", "[fe80::1]:22"),
            ("ops@[::1]", "ops@[::1]"),
            ("::1", "[::1]"),
            ("ssh://ops@bastion.lan:22", "ops@bastion.lan:22"),
            ("ssh://[::1]:2/", "[::1]:2"),
            ("alice@corp.example.com@gate:22", "alice@corp.example.com@gate:22"),
            ("CORP\\alice@[fe80::1%eth0]:22", "CORP\\alice@[fe80::1%eth0]:22"),
            ("ops:web:ssh@gate", "ops:web:ssh@gate"),
        ] {
            assert_eq!(word.parse::<Hop>().unwrap().to_string(), shown, "{word}");
        }
        for word in [
            "",
            "a b",
            "@h",
            "h:",
            "h:0",
            "h:x",
            "[::1",
            "[::1]2",
            "http://h",
            "-oProxyCommand=x",
            "a;b@c",
            "-a@b",
            "%h",
        ] {
            assert!(word.parse::<Hop>().is_err(), "{word}");
        }
        assert_eq!(Hop::list("None").unwrap(), []);
        assert_eq!(Hop::list("a, ops@b:2").unwrap().len(), 2);
        assert!(Hop::list("a,,b").is_err());
    }

    proptest! {
        #[test]
        fn no_word_makes_it_fall_and_what_is_shown_is_read_again(word in "[a-z0-9@:/.\\[\\]%,-]{0,24}|\\PC{0,12}") {
            if let Ok(hop) = word.parse::<Hop>() {
                prop_assert_eq!(hop.to_string().parse::<Hop>().unwrap(), hop);
            }
        }
    }
}
