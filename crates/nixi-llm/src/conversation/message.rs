//! What was said, as it is told to the model again with every request.

use super::beside::{Fields, size};

/// One message of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// The person's words.
    Person(String),
    /// What the model said, and what it called.
    Model {
        /// Its words; may be empty when it called something.
        text: String,
        /// Its calls, in order.
        calls: Vec<ToolUse>,
        /// What came beside them and goes back with the calls.
        beside: Fields,
    },
    /// What came of one call.
    Reply {
        /// The call's id.
        id: String,
        /// The words.
        text: String,
    },
}

impl Message {
    /// Words of the model, without a call.
    pub(super) fn words(text: String) -> Self {
        Self::Model { text, calls: Vec::new(), beside: Fields::new() }
    }

    /// About how much of a request it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Person(text) => text.len(),
            Self::Model { text, calls, beside } => {
                text.len() + size(beside) + calls.iter().map(ToolUse::bytes).sum::<usize>()
            }
            Self::Reply { id, text } => id.len() + text.len(),
        }
    }
}

/// One call of a tool, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolUse {
    /// Unique among the calls of its message.
    pub(crate) id: String,
    /// The tool.
    pub(crate) name: String,
    /// Its arguments: always a JSON object, since servers that render the history parse it.
    pub(crate) arguments: String,
    /// What the server sent beside, and wants back as it came.
    pub(crate) beside: Fields,
    /// The same beside name and arguments.
    pub(crate) beside_function: Fields,
}

impl ToolUse {
    fn bytes(&self) -> usize {
        self.id.len()
            + self.name.len()
            + self.arguments.len()
            + size(&self.beside)
            + size(&self.beside_function)
    }
}
