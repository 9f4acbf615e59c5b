//! What is known of a call that nobody waits for any longer.

use super::asker::Asker;
use super::protocol::CallResult;
use crate::error::{ErrorKind, ErrorReport};
use crate::node::Node;
use crate::plan::StepStatus;
use crate::registry::{Access, Registry};

/// How far a call had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It had not begun, as far as anybody heard: nothing of a change was sent.
    Nothing,
    /// It is a change that [had begun](super::Event::ChangeBegins), so that something of it may have been sent.
    ChangeBegun,
}

/// Tells the ends of calls whose operation did not end in time.
#[derive(Debug)]
pub struct LeftBehind<'a> {
    registry: &'a Registry,
    nodes: Vec<Node>,
}

impl Asker {
    /// For what is left of an operation that was cancelled and does not end. The nodes are read once, as the
    /// configuration has them now; if it cannot be read, no change is called refused.
    #[must_use]
    pub fn left_behind(&self) -> LeftBehind<'_> {
        LeftBehind { registry: self.registry(), nodes: self.nodes().unwrap_or_default() }
    }
}

impl LeftBehind<'_> {
    /// The end of a call that has none. A change that had begun is unknown, one that had not is not started, and one that
    /// its node's mode forbids is refused, as it would have been; a read has only not answered.
    #[must_use]
    pub fn end(&self, call: CallResult, reached: Reached) -> CallResult {
        let access = self.registry.spec(&call.tool).map(|spec| spec.access);
        let node = self.nodes.iter().find(|node| node.name().as_str() == call.node);
        let (status, error) = match (access, node.and_then(Node::refusal), reached) {
            (Ok(Access::Read), _, _) | (Ok(Access::Rehearse), None, _) => {
                (StepStatus::Failed, cancelled("interrupted before it answered"))
            }
            (_, Some(refused), _) => (StepStatus::Refused, refused),
            (_, None, Reached::Nothing) => (StepStatus::NotStarted, not_begun()),
            (_, None, Reached::ChangeBegun) => (
                StepStatus::Unknown,
                cancelled("interrupted; it may have been sent already")
                    .hint("look on the node before you repeat it"),
            ),
        };
        call.failed(status, error)
    }
}

/// Why a call was not begun that was to follow when a person interrupted.
pub(super) fn not_begun() -> ErrorReport {
    cancelled("interrupted before it was begun")
}

fn cancelled(message: &str) -> ErrorReport {
    ErrorReport::new(ErrorKind::Cancelled, message)
}
