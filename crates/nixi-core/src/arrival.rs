//! Who answered, by which way, and which other nodes that machine is.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use crate::exec::Fingerprint;
use crate::fleet::address;
use crate::node::{Host, Port, UserName};

/// The machine that answered, and the way by which it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its host key.
    pub host_key: Fingerprint,
    /// The jump hosts, the nearest first, and then the machine itself.
    pub way: Vec<Stop>,
}

/// One machine of a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The name or address that was connected to.
    pub host: Host,
    /// The address that answered; behind a jump host, which looks names up itself, it is not known.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: Port,
    /// Who logged in.
    pub user: UserName,
}

/// `user@address:port`, and the name that stands for the address.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.address.and_then(|ip| ip.to_string().parse().ok()).filter(|host| *host != self.host);
        match host {
            Some(ip) => write!(f, "{} ({})", address(&self.user, &ip, self.port), self.host),
            None => f.write_str(&address(&self.user, &self.host, self.port)),
        }
    }
}

/// A way in one line: `nixi@192.0.2.7 (db.lan), by way of nixi@192.0.2.1 (bastion)`.
#[must_use]
pub fn way_words(way: &[Stop]) -> Option<String> {
    let (last, jumps) = way.split_last()?;
    let mut words = last.to_string();
    for (at, jump) in jumps.iter().enumerate() {
        words.push_str(if at == 0 { ", by way of " } else { ", then " });
        words.push_str(&jump.to_string());
    }
    Some(words)
}

/// Whether another node is the machine that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Likeness {
    /// It is.
    Same(Sameness),
    /// It is another one.
    Another,
    /// Nothing tells: no key of it is known, and its address cannot be compared.
    Untold,
}

/// Why two are one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// By this host key, which is on record for the other, or which the other has shown.
    Key(Fingerprint),
    /// Its address and port are those that answered.
    Address,
}
