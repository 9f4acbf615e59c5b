//! What earlier changes of a request will have made of a node, once they are done.

use crate::command::{ContainerId, ContainerName, FilePath, UnitName};

use super::{ModuleEdit, Plan};

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
pub enum EndState {
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
    end_states: Vec<(Thing, EndState)>,
    module: Vec<ModuleEdit>,
}

impl Declared {
    /// How the last of them leaves this thing; nothing if none is about it.
    #[must_use]
    pub fn end_state(&self, of: &Thing) -> Option<EndState> {
        self.end_states.iter().rev().find(|(thing, _)| thing == of).map(|(_, end_state)| *end_state)
    }

    /// What they declare on the node, in their order.
    #[must_use]
    pub fn module(&self) -> &[ModuleEdit] {
        &self.module
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end_states.is_empty() && self.module.is_empty()
    }

    pub(crate) fn add(&mut self, plan: &Plan) {
        self.end_states.extend(plan.end_states.iter().cloned());
        self.module.extend(plan.module_edits().cloned());
    }
}
