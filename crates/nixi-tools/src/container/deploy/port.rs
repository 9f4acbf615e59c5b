//! A port that a container publishes on its node.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use nixi_core::Port;
use serde::{Deserialize, Serialize};

/// `8080:80`, `127.0.0.1:8080:80`, `[::1]:53:53/udp`: a port of the node that leads to one of the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublishedPort {
    /// The only address of the node that it is reached at; without one, at all of them.
    address: Option<IpAddr>,
    outside: Port,
    inside: Port,
    protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
}

/// Ports that attackers look for, and what listens there.
const SENSITIVE: [(u16, &str); 5] =
    [(22, "SSH"), (3306, "MySQL"), (5432, "PostgreSQL"), (6379, "Redis"), (27017, "MongoDB")];

impl PublishedPort {
    /// What of it anybody can reach, if that is something that attackers look for.
    pub(super) fn exposed(&self) -> Option<&'static str> {
        let is_for_all = self.address.is_none_or(|address| address.is_unspecified());
        let known =
            |port: Port| SENSITIVE.iter().find(|(known, _)| *known == port.get()).map(|(_, what)| *what);
        is_for_all.then(|| known(self.inside).or_else(|| known(self.outside))).flatten()
    }
}

const HOW: &str = "write it as 8080:80, 127.0.0.1:8080:80 or 53:53/udp";

impl FromStr for PublishedPort {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let bad = || format!("{word:?} is no port to publish: {HOW}");
        let (rest, protocol) = match word.split_once('/') {
            None | Some((_, "tcp")) => (word.trim_end_matches("/tcp"), Protocol::Tcp),
            Some((rest, "udp")) => (rest, Protocol::Udp),
            Some(_) => return Err(bad()),
        };
        let (rest, inside) = rest.rsplit_once(':').ok_or_else(bad)?;
        let (address, outside) = match rest.rsplit_once(':') {
            None => (None, rest),
            Some((address, outside)) => {
                let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
                let address: IpAddr = bare.unwrap_or(address).parse().map_err(|_| bad())?;
                if address.is_ipv6() != bare.is_some() {
                    return Err(bad());
                }
                (Some(address), outside)
            }
        };
        let port = |digits: &str| {
            let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<Port>().ok().filter(|_| is_plain).ok_or_else(bad)
        };
        Ok(Self { address, outside: port(outside)?, inside: port(inside)?, protocol })
    }
}

impl fmt::Display for PublishedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address @ IpAddr::V6(_)) => write!(f, "[{address}]:")?,
            Some(address @ IpAddr::V4(_)) => write!(f, "{address}:")?,
            None => {}
        }
        write!(f, "{}:{}", self.outside, self.inside)?;
        match self.protocol {
            Protocol::Tcp => Ok(()),
            Protocol::Udp => f.write_str("/udp"),
        }
    }
}

impl TryFrom<String> for PublishedPort {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
    }
}

impl From<PublishedPort> for String {
    fn from(port: PublishedPort) -> Self {
        port.to_string()
    }
}

/// The ports that a container publishes. `none` alone stands for no port.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Ports(Vec<PublishedPort>);

const NONE: &str = "none";

impl Ports {
    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PublishedPort> {
        self.0.iter()
    }

    /// Each of these ports of the container, by the same number of the node. They are written as images declare them:
    /// `5432/tcp`.
    pub(super) fn of_image<'p>(declared: impl IntoIterator<Item = &'p str>) -> Self {
        let published = |port: &str| {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            format!("{number}:{number}/{protocol}").parse().ok()
        };
        Self(declared.into_iter().filter_map(published).collect())
    }
}

impl TryFrom<Vec<String>> for Ports {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        match words.as_slice() {
            [word] if word == NONE => Ok(Self::default()),
            words => words.iter().map(|word| word.parse()).collect::<Result<_, _>>().map(Self),
        }
    }
}

impl From<Ports> for Vec<String> {
    fn from(ports: Ports) -> Self {
        match ports.0.as_slice() {
            [] => vec![NONE.to_owned()],
            ports => ports.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_both_runtimes() {
        for (word, shown) in [
            ("8080:80", "8080:80"),
            ("8080:80/tcp", "8080:80"),
            ("53:53/udp", "53:53/udp"),
            ("127.0.0.1:8080:80", "127.0.0.1:8080:80"),
            ("[::1]:8080:80/udp", "[::1]:8080:80/udp"),
        ] {
            assert_eq!(word.parse::<PublishedPort>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "80",
            ":80",
            "80:",
            "0:80",
            "65536:80",
            "8080-8090:80",
            "x:80",
            "::1:8080:80",
            "8080:80/sctp",
            "+8080:80",
            "8080:80/",
            "[127.0.0.1]:1:1",
            "1:2:3:4",
        ] {
            assert!(bad.parse::<PublishedPort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_anybody_can_reach_is_told() {
        let exposed = |word: &str| word.parse::<PublishedPort>().unwrap().exposed();
        assert_eq!(exposed("5432:5432"), Some("PostgreSQL"));
        assert_eq!(exposed("15432:5432"), Some("PostgreSQL"));
        assert_eq!(exposed("0.0.0.0:6379:6379"), Some("Redis"));
        assert_eq!(exposed("[::]:22:2222"), Some("SSH"));
        assert_eq!(exposed("127.0.0.1:5432:5432"), None);
        assert_eq!(exposed("8080:80"), None);
    }

    #[test]
    fn a_container_may_publish_nothing() {
        let ports =
            |words: &[&str]| Ports::try_from(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(Vec::<String>::from(ports(&["none"]).unwrap()), ["none"]);
        assert_eq!(Vec::<String>::from(ports(&["1:2", "3:4/udp"]).unwrap()), ["1:2", "3:4/udp"]);
        assert!(ports(&["none", "1:2"]).is_err());
        let declared = Ports::of_image(["5432/tcp", "53/udp", "odd", "80"]);
        assert_eq!(Vec::<String>::from(declared), ["5432:5432", "53:53/udp", "80:80"]);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(word in "\\PC*|[0-9]{1,5}:[0-9]{1,5}(/udp)?|[0-9.]{7,9}:[0-9]{1,5}:[0-9]{1,5}") {
            if let Ok(port) = word.parse::<PublishedPort>() {
                prop_assert_eq!(port.to_string().parse::<PublishedPort>().unwrap(), port);
            }
        }
    }
}
