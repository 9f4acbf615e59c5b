//! What earlier changes of a request will have made of a node, once they are done.

use crate::command::{ContainerId, ContainerName, FilePath, UnitName};

use super::Plan;

/// A thing on a node that a change acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A container.
    Container(ContainerId),
    /// A systemd unit, by its full name.
    Unit(UnitName),
    /// A file, by its real path.
    File(FilePath),
    /// A container that is yet to be made, by its name.
    NewContainer(ContainerName),
    /// A network of containers, by its name.
    Network(&'static str),
}

/// How a change leaves a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in this state, in the word that a read of it would have: `running`, `exited`, `inactive`; of a file that is
    /// there, `written`; of a network, `there`.
    Is(&'static str),
    /// It is there no more.
    Gone,
}

/// What the changes before this one, of the same request and on the same node, will have made, if they are done; if one of
/// them is not, nothing that follows it is begun.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    fates: Vec<(Thing, Fate)>,
}

impl Declared {
    /// How the last of them leaves this thing; nothing if none is about it.
    #[must_use]
    pub fn fate(&self, of: &Thing) -> Option<Fate> {
        self.fates.iter().rev().find(|(thing, _)| thing == of).map(|(_, fate)| *fate)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fates.is_empty()
    }

    pub(crate) fn add(&mut self, plan: &Plan) {
        self.fates.extend(plan.fates.iter().cloned());
    }
}
