//! Plans: what would be done, as data, and the way from a plan to its application.
//!
//! Plans -> [`Review`] (what a person sees of all of them, with a digest of all that matters) -> [`Decision`] -> [`Approved`]
//! -> apply. Each step consumes the one before it. **Invariant.** [`Approved`] is made here alone, from plans, their
//! [`Writable`] nodes and a decision that names the digest of these very plans in this order; it cannot be copied, and applying a part consumes it.

mod apart;
mod applied;
mod apply;
mod apply_cx;
mod approved;
mod declared;
mod diff;
mod digest;
mod expectation;
mod module_edit;
mod page;
mod part;
mod progress;
mod reply;
mod review;
mod step;
mod turn;
mod undo;
mod view;
mod writable;

pub(crate) use apart::{Untold, stands_apart};
pub use applied::{StepReport, StepStatus};
pub(crate) use applied::{done, failed};
pub(crate) use apply::{apply, done_elsewhere};
pub(crate) use apply_cx::ApplyCx;
pub use approved::Approved;
pub(crate) use approved::{ApprovedPart, Asked};
pub use declared::{Declared, EndState, Thing};
pub use diff::{Diff, DiffLine, DiffRow, Hunk, LineChange, RowKind, Span};
pub use digest::PlanDigest;
pub use expectation::Expectation;
pub use module_edit::ModuleEdit;
pub(crate) use page::{Page, unwritten};
pub use part::Part;
pub use progress::Progress;
pub(crate) use progress::Reporter;
pub use reply::{Reply, YES};
pub(crate) use review::Outward;
pub use review::{Decision, LeftOut, Origin, Refusal, Review, Uncovered};
pub use step::{Activate, FileDigest, HandOver, Power, PutFile, Replaces, Rescue, RestoreNode, Settle, Step};
pub(crate) use step::{Afterwards, afterwards, write_config};
pub(crate) use turn::Turn;
pub use undo::Undo;
pub use view::StepView;
pub use writable::{Refused, Writable};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call_id::CallId;
use crate::node::NodeName;

/// How much a plan can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Easily undone: asked about, unless the configuration says `routine = "auto"`.
    Routine,
    /// Loses something, or can cut a node off: always asked about.
    Destructive,
}

impl Risk {
    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Destructive => "destructive",
        }
    }
}

/// What an action would do on one node: nothing runs by making one.
#[derive(Debug, Clone)]
#[must_use = "a plan does nothing until a person approves it"]
pub struct Plan {
    pub(crate) summary: String,
    pub(crate) risk: Risk,
    pub(crate) steps: Vec<Step>,
    pub(crate) expects: Vec<Expectation>,
    pub(crate) warnings: Vec<String>,
    /// Nodes of another mode that the machine may be as well.
    pub(crate) untold: Vec<NodeName>,
    /// How it leaves what it acts on.
    pub(crate) end_states: Vec<(Thing, EndState)>,
    pub(crate) undo: Undo,
    /// The call whose plan does what this one declares; its own, where it does all of that itself.
    pub(crate) done_by: Option<CallId>,
}

impl Plan {
    /// A plan with nothing to do; `summary` says why in one line.
    pub fn nothing(summary: impl Into<String>) -> Self {
        Self::new(summary, Risk::Routine, Undo::Calls(Vec::new()))
    }

    /// A plan without steps yet; `summary` says in one line what it comes to, `undo` how it is taken back.
    pub fn new(summary: impl Into<String>, risk: Risk, undo: Undo) -> Self {
        Self {
            summary: summary.into(),
            risk,
            steps: Vec::new(),
            expects: Vec::new(),
            warnings: Vec::new(),
            untold: Vec::new(),
            end_states: Vec::new(),
            undo,
            done_by: None,
        }
    }

    /// One more step; steps run in order, and none runs after one that failed, but for a [`Settle`]: it changes nothing,
    /// and tells what became of its own start.
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// One more change of what the node declares. What it takes is found out for all of a request at once, and stands in the
    /// last plan that declares something on the node. A plan that declares something has no steps of another kind.
    pub fn declare(self, edit: ModuleEdit) -> Self {
        self.step(edit)
    }

    /// What it declares.
    pub(crate) fn module_edits(&self) -> impl Iterator<Item = &ModuleEdit> {
        self.steps.iter().filter_map(Step::module_edit)
    }

    /// Whether it declares something and does something else as well, which no plan may.
    pub(crate) fn is_mixed(&self) -> bool {
        let declares = self.module_edits().count();
        declares > 0 && declares < self.steps.len()
    }

    /// The same, with this one in place of what it declares: it does that, and all that the plans before it declare.
    pub(crate) fn doing(self, composed: Self) -> Self {
        let summary = if composed.steps.is_empty() { composed.summary } else { self.summary };
        Self {
            summary,
            risk: self.risk.max(composed.risk),
            steps: composed.steps,
            expects: self.expects.into_iter().chain(composed.expects).collect(),
            warnings: self.warnings.into_iter().chain(composed.warnings).collect(),
            // What cannot be taken back as a whole cannot be in parts.
            undo: match composed.undo {
                Undo::Cannot(_) => composed.undo,
                Undo::Calls(_) => self.undo,
            },
            ..self
        }
    }

    /// Something that must still be so when the plan is applied.
    pub fn expect(mut self, expectation: Expectation) -> Self {
        self.expects.push(expectation);
        self
    }

    /// Something that a person should know before saying yes.
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// How it leaves what it acts on, for plans that follow it; see [`Declared`].
    pub fn leaves(mut self, thing: Thing, end_state: EndState) -> Self {
        self.end_states.push((thing, end_state));
        self
    }

    /// It cannot be taken back, for this reason: half a sentence.
    pub fn for_good(self, why: impl Into<String>) -> Self {
        Self { undo: Undo::cannot(why), ..self }
    }

    /// Raises the risk; it is never lowered.
    pub fn at_least(mut self, risk: Risk) -> Self {
        self.risk = self.risk.max(risk);
        self
    }

    /// What cannot be told is no yes: neither `routine = "auto"` nor a yes in advance covers it.
    pub(crate) fn may_be(self, untold: Untold) -> Self {
        let plan = self.at_least(Risk::Destructive).warn(untold.remark());
        Self { untold: untold.nodes, ..plan }
    }

    /// The nodes that it takes out of the configuration.
    pub(crate) fn leaving(&self) -> Vec<NodeName> {
        self.steps.iter().filter_map(|step| step.kind().leaving().cloned()).collect()
    }

    /// The risk that follows from its steps alone.
    pub(crate) fn inherent_risk(&self) -> Risk {
        self.steps.iter().map(|step| step.kind().least_risk()).max().unwrap_or(Risk::Routine)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
