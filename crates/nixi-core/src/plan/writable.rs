//! The mode check.

use crate::error::{ErrorKind, ErrorReport};
use crate::mode::Mode;
use crate::node::Node;

/// Proof that changes are allowed on a node. `Node::writable`, which core calls and nobody else can, is the only way to one.
#[derive(Debug)]
pub struct Writable {
    node: Node,
}

impl Writable {
    /// The node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }
}

/// The node is monitored: nothing was planned, nobody was asked, nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{node} is monitored, which means read-only: nothing was sent to it")]
pub struct Refused {
    node: crate::node::NodeName,
}

impl Refused {
    /// The refusal as front ends show it.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        ErrorReport::new(ErrorKind::ReadOnly, self.to_string()).hint(format!(
            "to let Nixi change {}, set its mode to \"managed\" in the configuration",
            self.node
        ))
    }
}

impl Node {
    /// The mode check that core enforces before anything is planned, and again before anything is applied.
    ///
    /// # Errors
    /// [`Refused`] if the node is monitored.
    pub(crate) fn writable(&self) -> Result<Writable, Refused> {
        match self.mode() {
            Mode::Managed => Ok(Writable { node: self.clone() }),
            Mode::Monitored => Err(Refused { node: self.name().clone() }),
        }
    }

    /// What every change of it ends as, if the node is monitored.
    #[must_use]
    pub fn refusal(&self) -> Option<ErrorReport> {
        self.writable().err().map(|refused| refused.report())
    }
}
