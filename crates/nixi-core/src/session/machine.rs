//! Which targets are one machine.

use crate::canonical::CanonicalHost;
use crate::exec::Executor;
use crate::jump::Jump;
use crate::node::{Host, SshTarget};

/// Where a target leads, as far as that can be told without going there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    host: CanonicalHost,
    port: u16,
    alias: Option<Host>,
    way: Way,
}

/// From where the address is meant: behind two jump hosts it can be two machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing is said; the user's SSH configuration may name any jump host.
    Open,
    /// From the controller.
    Straight,
    /// From this one.
    Behind(Box<Machine>),
}

impl Machine {
    pub(super) fn of(target: &SshTarget, remote: &dyn Executor) -> Self {
        let place = remote.place(target);
        Self {
            host: CanonicalHost::of(&place.host),
            port: place.port.get(),
            alias: place.alias,
            way: Way::of(&target.jump, remote),
        }
    }

    /// Whether both may be one. They are two only where Nixi's own configuration says so.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let at_one_spot = self.host == other.host && self.port == other.port && self.way.may_be(&other.way);
        at_one_spot || self.alias.is_some() && self.alias == other.alias
    }
}

impl Way {
    pub(super) fn of(jump: &Jump, remote: &dyn Executor) -> Self {
        match jump {
            Jump::Unsaid => Self::Open,
            Jump::Direct => Self::Straight,
            Jump::Through(hops) => match hops.split_last() {
                None => Self::Straight,
                Some((last, [])) => Self::Behind(Box::new(Machine::of(last, remote))),
                Some((last, before)) => {
                    let last = SshTarget { jump: Jump::Through(before.to_vec()), ..last.clone() };
                    Self::Behind(Box::new(Machine::of(&last, remote)))
                }
            },
        }
    }

    /// Whether both may lead into one network.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) | (Self::Straight, Self::Straight) => true,
            (Self::Straight, Self::Behind(_)) | (Self::Behind(_), Self::Straight) => false,
            (Self::Behind(one), Self::Behind(other)) => one.may_be(other),
        }
    }
}
