//! What is written down.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RequestId;
use crate::call::CallRequest;
use crate::call_id::CallId;
use crate::node::NodeName;
use crate::plan::{Origin, Part, Review, Risk, StepStatus, Undo};

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// Changes were planned and are about to be asked about. The number of this line is the number of the request.
    Asked {
        /// Who asked for them.
        origin: Origin,
        /// How much the worst of them can hurt.
        risk: Risk,
        /// The digest that an approval has to name.
        review: String,
        /// The changes, in order.
        parts: Vec<AskedPart>,
        /// What was asked for too and cannot be done, a line each.
        left_out: Vec<String>,
        /// The request that this one takes back.
        undoes: Option<RequestId>,
        /// The request that this one stands for, planned anew.
        instead_of: Option<RequestId>,
    },
    /// A request was decided. Of several decisions, the last one counts.
    Decided {
        /// The request.
        request: RequestId,
        /// How.
        verdict: Verdict,
    },
    /// A step of an approved request is about to run.
    StepBegun {
        /// The request.
        request: RequestId,
        /// The call, as it is numbered in the request.
        call: CallId,
        /// The step, counted from 0.
        step: usize,
        /// The number under which the node records how it ends, if it does: 16 hexadecimal digits.
        record: Option<String>,
    },
    /// A step is over.
    StepEnded {
        /// The request.
        request: RequestId,
        /// The call.
        call: CallId,
        /// The step, counted from 0.
        step: usize,
        /// How it ended.
        status: StepStatus,
        /// What went wrong.
        error: Option<String>,
    },
    /// A request is over: nothing of it will run any more.
    Ended {
        /// The request.
        request: RequestId,
        /// How each of its calls ended.
        calls: Vec<(CallId, StepStatus)>,
    },
}

/// One change of a request, as it was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedPart {
    /// The call.
    pub call: CallId,
    /// Its action, as `container.stop`.
    pub action: String,
    /// Its node; `local` for the controller.
    pub node: String,
    /// Where that node was.
    pub address: String,
    /// The host key of the machine that answered.
    pub host_key: Option<String>,
    /// The arguments, as they were understood.
    pub args: Value,
    /// What it comes to, in one line.
    pub summary: String,
    /// The steps, as they were shown.
    pub steps: Vec<String>,
    /// How it is taken back.
    pub undo: Undoing,
}

/// How a change is taken back; see [`Undo`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undoing {
    /// By these calls, in this order.
    Calls(Vec<CallRequest>),
    /// Not at all, for this reason.
    Cannot(String),
}

/// How a request was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Agreed(Consent),
    /// Only some of its parts, which are asked about anew.
    Kept,
    /// It was planned anew, and another review came of it.
    Replaced,
    /// A person said no.
    Denied,
    /// It waits for a person.
    Waiting,
    /// There was nobody to ask, which means no.
    NobodyToAsk,
    /// Nobody answered in time, which means no.
    TimedOut,
    /// Whoever was asked has gone, which means no.
    Gone,
    /// It was interrupted at the question.
    Interrupted,
}

/// How a person said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They answered the question.
    Answered,
    /// In advance, on the command line: `--yes`.
    InAdvance,
    /// By the configuration: `routine = "auto"`.
    Routine,
    /// By the number of a request that waited.
    ByNumber,
    /// By typing the command that does it and nothing else: `nixi adopt`.
    Typed,
}

impl AskedPart {
    pub(crate) fn new(part: &Part, args: Value) -> Self {
        Self {
            call: part.call,
            action: part.action.to_string(),
            node: part.node.clone(),
            address: part.address.clone(),
            host_key: part.host_key.as_ref().map(ToString::to_string),
            args,
            summary: part.summary.clone(),
            steps: part.steps.iter().map(|step| step.line.clone()).collect(),
            undo: match &part.undo {
                Undo::Calls(calls) => Undoing::Calls(calls.clone()),
                Undo::Cannot(why) => Undoing::Cannot(why.clone()),
            },
        }
    }

    /// The call that was made.
    #[must_use]
    pub fn request(&self) -> CallRequest {
        let args = match &self.args {
            Value::Object(args) => args.iter().filter(|(_, value)| !value.is_null()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return self.bare();
            }
        };
        args.fold(self.bare(), |call, (name, value)| call.with(name, value.clone()))
    }

    fn bare(&self) -> CallRequest {
        let call = CallRequest::new(&self.action);
        if self.node == NodeName::CONTROLLER { call } else { call.on(&self.node) }
    }
}

impl Entry {
    pub(crate) fn asked(review: &Review, parts: Vec<AskedPart>) -> Self {
        let left_out =
            review.left_out.iter().map(|left| format!("{} on {}: {}", left.action, left.node, left.why));
        Self::Asked {
            origin: review.origin,
            risk: review.risk,
            review: review.digest.to_string(),
            parts,
            left_out: left_out.collect(),
            undoes: None,
            instead_of: None,
        }
    }
}
