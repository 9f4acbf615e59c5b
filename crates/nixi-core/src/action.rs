//! What a tool is made of: actions that look, actions that try something out, and actions that plan a change.
//!
//! There is no boolean between them. An [`Inspect`] gets a context that can only read and returns a typed report; a
//! [`Rehearse`] may also write into a temporary folder of a managed node; a [`Change`] returns a [`Plan`], which is data.
//! None of them can change a running system.

use std::fmt;
use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::card::{ChangeCard, ReadCard, RehearseCard};
use crate::context::{InspectCx, PlanCx, RehearseCx};
use crate::error::ToolError;
use crate::plan::Plan;

/// The name of an action: a tool (a noun) and what to do with it, written `container.list`. The list of nodes is core's
/// own, so core knows the names of the actions on it; it knows no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionName {
    tool: &'static str,
    action: &'static str,
}

impl ActionName {
    /// Names an action.
    ///
    /// # Panics
    /// When either word is empty or holds anything but `a` to `z` and `_`. In a `const` that is a compile error.
    #[must_use]
    pub const fn new(tool: &'static str, action: &'static str) -> Self {
        assert!(is_word(tool) && is_word(action), "tools and actions are named by small letters and `_`");
        Self { tool, action }
    }

    /// Adds a node to the list.
    pub const NODE_ADOPT: Self = Self::new("node", "adopt");
    /// Lists the nodes; see [`crate::CallRequest::list_nodes`].
    pub const NODE_LIST: Self = Self::new("node", "list");
    /// Takes a node off the list; see [`crate::CallRequest::remove_node`].
    pub const NODE_REMOVE: Self = Self::new("node", "remove");

    /// The noun.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        self.tool
    }

    /// The verb.
    #[must_use]
    pub const fn action(self) -> &'static str {
        self.action
    }
}

const fn is_word(word: &str) -> bool {
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !(bytes[at].is_ascii_lowercase() || bytes[at] == b'_') {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tool, self.action)
    }
}

impl Serialize for ActionName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where an action takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// On a node, which the parameter `node` names; without it, on the controller.
    Node,
    /// Always on the controller, about things that only it has; there is no parameter `node`.
    Controller,
}

/// An action that looks and changes nothing.
///
/// A read-only tool may not change a node: the context it gets runs catalogued reads alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action that looks",
    label = "this is registered as a read-only action",
    note = "implement `nixi_core::Inspect` for an action that only reads, or register a change with `.change(…)`"
)]
pub trait Inspect: Send + Sync + 'static {
    /// Its parameters. Unknown ones are refused before they get here.
    type Args: DeserializeOwned + Serialize + JsonSchema + Send;
    /// What it found: `data` for programs, and by `Display` the `text` for people.
    type Report: Serialize + JsonSchema + fmt::Display + Send;

    /// What is known of it without running it.
    fn card(&self) -> ReadCard;

    /// Where these arguments send something out to, if they do. A model that names a target which no person typed is
    /// asked about, since a log line could have put it up to carrying something out.
    fn outward(_args: &Self::Args) -> Option<String> {
        None
    }

    /// Looks.
    fn inspect(
        &self,
        cx: &InspectCx<'_>,
        args: Self::Args,
    ) -> impl Future<Output = Result<Self::Report, ToolError>> + Send;
}

/// An action that tries something out: like a read it returns a report and is not asked about, but what it runs may write
/// where nothing of a running system looks. Monitored nodes refuse it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action that tries something out",
    label = "this is registered as a rehearsal",
    note = "implement `nixi_core::Rehearse`, or register a read with `.inspect(…)` or a change with `.change(…)`"
)]
pub trait Rehearse: Send + Sync + 'static {
    /// Its parameters. Unknown ones are refused before they get here.
    type Args: DeserializeOwned + Serialize + JsonSchema + Send;
    /// What came of it: `data` for programs, and by `Display` the `text` for people.
    type Report: Serialize + JsonSchema + fmt::Display + Send;

    /// What is known of it without running it.
    fn card(&self) -> RehearseCard;

    /// Tries it out.
    fn rehearse(
        &self,
        cx: &RehearseCx<'_>,
        args: Self::Args,
    ) -> impl Future<Output = Result<Self::Report, ToolError>> + Send;
}

/// An action that changes something: it says what it would do, and nothing else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action that plans a change",
    label = "this is registered as a changing action",
    note = "implement `nixi_core::Change`, whose only product is a `Plan`, or register a read with `.inspect(…)`"
)]
pub trait Change: Send + Sync + 'static {
    /// Its parameters. Unknown ones are refused before they get here.
    type Args: DeserializeOwned + Serialize + JsonSchema + Send;

    /// What is known of it without running it.
    fn card(&self) -> ChangeCard;

    /// Makes the plan. Looking is allowed, with what a read may run; so is trying things out, on the stage of the context.
    fn plan(&self, cx: &PlanCx<'_>, args: Self::Args)
    -> impl Future<Output = Result<Plan, ToolError>> + Send;
}
