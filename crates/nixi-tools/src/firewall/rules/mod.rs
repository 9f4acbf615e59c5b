//! What the firewall of NixOS lets in, by the texts that it is made with.

mod iptables;
mod nftables;

pub(super) use iptables::iptables;
pub(super) use nftables::nftables;

use super::ports::Ports;
use crate::rows::LeftOut;

/// A rule that lets something in.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    /// By which interface alone.
    pub(super) interface: Option<String>,
    /// To which ports; to all of them, where it names none.
    pub(super) ports: Option<Ports>,
    /// By which protocol alone, where it names no port.
    pub(super) protocol: Option<String>,
    /// On which other conditions, in the words of the firewall.
    pub(super) only: Option<String>,
}

/// What such a text comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// The rules that let something in. Those for ICMP and for DHCP, which NixOS always has, are not among them.
    pub(super) rules: Vec<Rule>,
    /// Interfaces by which everything is let in.
    pub(super) trusted: Vec<String>,
    /// Rules that could not be read.
    pub(super) left_out: Vec<LeftOut>,
}

/// What one rule comes to.
enum Read {
    /// It lets something in.
    LetsIn(Vec<Rule>),
    /// It lets in everything by these interfaces.
    Trusts(Vec<String>),
    /// It is about nothing that is listed.
    Other,
}

impl Rules {
    /// With what one rule comes to; one that cannot be read is left out by itself.
    fn take(&mut self, text: &str, read: Option<Read>) {
        match read {
            Some(Read::LetsIn(rules)) => self.rules.extend(rules),
            Some(Read::Trusts(interfaces)) => self.trusted.extend(interfaces),
            Some(Read::Other) => {}
            None => self.left_out.push(LeftOut::new(text, "Nixi does not understand this rule")),
        }
    }

    /// In the order in which they are shown, each once.
    fn sorted(mut self) -> Self {
        self.rules.sort();
        self.rules.dedup();
        self.trusted.sort();
        self.trusted.dedup();
        self
    }
}
