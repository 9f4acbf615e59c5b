//! What is known of an action without running it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::action::{ActionName, Scope};
use crate::mode::{ReadCapability, WriteCapability};
use crate::plan::{Risk, Step};

/// The card of an action: what people and models are shown of it, and what it is checked by before it runs.
///
/// Its kind is its type: the card of a read has the right to look and no other, so that no change can be registered as
/// a read.
#[derive(Debug, Clone)]
#[must_use = "a card is what an action is registered by"]
pub struct Card<K> {
    pub(crate) name: ActionName,
    pub(crate) about: &'static str,
    pub(crate) scope: Scope,
    pub(crate) shape: Shape,
    pub(crate) example: Value,
    pub(crate) kind: K,
}

/// The card of an action that looks.
pub type ReadCard = Card<Reads>;

/// The card of an action that tries something out.
pub type RehearseCard = Card<Rehearsals>;

/// The card of an action that plans a change.
pub type ChangeCard = Card<Changes>;

/// What a read may do.
#[derive(Debug, Clone, Copy)]
pub struct Reads {
    pub(crate) capability: ReadCapability,
}

/// What a rehearsal may do.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsals {
    pub(crate) capability: WriteCapability,
}

/// What a change may do.
#[derive(Debug, Clone, Copy)]
pub struct Changes {
    pub(crate) capability: WriteCapability,
    pub(crate) risk: Risk,
    pub(crate) edits: Edits,
    pub(crate) callers: Callers,
}

/// Who may call an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Whoever asks.
    Anyone,
    /// Only what takes back a request, with the arguments that the journal has for it.
    UndoAlone,
}

/// What an action may edit of what only the controller has. Each plan is held to it, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edits {
    /// Nothing: what it changes is on its node.
    Nothing,
    /// The list of nodes, and the host keys on record.
    NodeList,
}

/// What a front end has to know to show the results of an action, so that it needs to know no action by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Presentation {
    /// Where it takes place: what only the controller has is shown without the name of a node.
    pub scope: Scope,
    /// The form of its report.
    pub shape: Shape,
}

impl Presentation {
    /// A text about a node.
    pub const OF_A_NODE: Self = Self { scope: Scope::Node, shape: Shape::Text };
    /// A text about what only the controller has.
    pub const OF_THE_CONTROLLER: Self = Self { scope: Scope::Controller, shape: Shape::Text };
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// It is shown by its text.
    Text,
    /// It is the table of the nodes whose rows came while it was made, as [`crate::Event::Node`]: what has shown those
    /// rows has shown all of it.
    NodeTable,
}

impl Card<Reads> {
    /// A read on nodes. `about` says in one line what it shows; `capability` is what it looks at.
    pub fn new(name: ActionName, about: &'static str, capability: ReadCapability) -> Self {
        let kind = Reads { capability };
        Self { name, about, scope: Scope::Node, shape: Shape::Text, example: no_arguments(), kind }
    }

    /// Always on the controller: it shows what only that has.
    pub fn on_controller(self) -> Self {
        Self { scope: Scope::Controller, ..self }
    }

    /// Its report has this form, and not that of a text.
    pub fn shaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }
}

impl Card<Rehearsals> {
    /// A rehearsal on managed nodes. `about` says in one line what it shows; `capability` is what it tries out changes of.
    pub fn new(name: ActionName, about: &'static str, capability: WriteCapability) -> Self {
        let kind = Rehearsals { capability };
        Self { name, about, scope: Scope::Node, shape: Shape::Text, example: no_arguments(), kind }
    }
}

impl Card<Changes> {
    /// A change on nodes. `about` says in one line what it changes; `capability` is what that belongs to, and
    /// `risk` the least that any of its plans has: a plan may say more, never less.
    pub fn new(name: ActionName, about: &'static str, capability: WriteCapability, risk: Risk) -> Self {
        let kind = Changes { capability, risk, edits: Edits::Nothing, callers: Callers::Anyone };
        Self { name, about, scope: Scope::Node, shape: Shape::Text, example: no_arguments(), kind }
    }

    /// Always on the controller: it edits this, and nothing on a node.
    pub fn editing(self, edits: Edits) -> Self {
        Self { scope: Scope::Controller, kind: Changes { edits, ..self.kind }, ..self }
    }

    /// Nobody calls it but what takes back a request: it is offered to no person and no model.
    pub fn for_undoing_alone(self) -> Self {
        Self { kind: Changes { callers: Callers::UndoAlone, ..self.kind }, ..self }
    }

    /// Whether a step stays within what this card says.
    pub(crate) fn allows(&self, step: &Step) -> bool {
        step.is_on_node() == (self.scope == Scope::Node) && step.edits() == self.kind.edits
    }
}

impl<K> Card<K> {
    /// Arguments that it takes, as an object: what help texts show, and what tests of all actions call it with. Without
    /// it, none. An action that does not take its own example cannot be registered.
    pub fn example(self, example: Value) -> Self {
        Self { example, ..self }
    }
}

fn no_arguments() -> Value {
    Value::Object(Map::new())
}
