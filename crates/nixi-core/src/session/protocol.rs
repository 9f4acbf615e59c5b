//! What front ends say to a session, and what they hear from it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::approver::{Approval, ConsentedAdoption};
use crate::call::CallRequest;
use crate::call_id::CallId;
use crate::card::Presentation;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Fingerprint;
use crate::fleet::NodeRow;
use crate::journal::RequestId;
use crate::mode::Mode;
use crate::node::{Host, NodeName, Port, UserName};
use crate::plan::{Part, PlanDigest, Progress, StepReport, StepStatus};

/// Something to do.
#[derive(Debug, Clone)]
pub enum Op {
    /// Answers a request in words.
    Ask {
        /// The person's words.
        words: String,
        /// Who may be asked to understand them.
        interpreters: Interpreters,
    },
    /// Makes typed calls, in order; reads that follow one another run at the same time.
    Call(Vec<CallRequest>),
    /// Adds a node to the configuration, if a login with our keys works; a [`super::TypedConsent`] makes it.
    Adopt(ConsentedAdoption),
    /// Takes back what a request did: the newest one that can be, unless it is named.
    Undo(Option<RequestId>),
    /// Runs a request that waits, if it still comes to the same review; a [`super::TypedConsent`] makes it.
    Approve(Approval),
}

/// Who may be asked to understand a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpreters {
    /// The phrasebook alone; no model is ever asked.
    Phrasebook,
    /// The phrasebook, and then the model, if one is configured.
    PhrasebookThenModel,
}

/// How far changes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Reads run; changes are planned, asked about, and applied.
    Perform,
    /// Reads run; changes are only planned.
    PlanOnly,
}

/// A machine to be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptRequest {
    /// What it shall be called.
    pub name: NodeName,
    /// Name or address.
    pub host: Host,
    /// Login user.
    pub user: UserName,
    /// Managed or monitored.
    pub mode: Mode,
    /// SSH port, if one was named; else the user's SSH configuration says it.
    pub port: Option<Port>,
    /// A private key for this node alone.
    pub identity: Option<std::path::PathBuf>,
    /// The only host key to accept.
    pub host_key: Option<Fingerprint>,
}

/// A call that is about to be made on a node.
#[derive(Debug, Clone, PartialEq)]
pub struct CallAhead {
    /// Which call it is.
    pub call: CallId,
    /// The action, as `container.list`.
    pub action: String,
    /// The node.
    pub node: NodeName,
    /// The arguments, as they were understood.
    pub args: Value,
    /// How its result is shown.
    pub presentation: Presentation,
}

/// What happens while an [`Op`] is performed.
#[derive(Debug, Clone)]
pub enum Event {
    /// These calls were checked and are about to be made, in the order in which the [`Outcome`] will have their results.
    /// Each of them ends, also one that never begins.
    CallsAhead(Vec<CallAhead>),
    /// A call began on a node.
    CallStarted {
        /// Which call it is.
        call: CallId,
        /// The action, as `container.list`.
        action: String,
        /// The node.
        node: NodeName,
        /// How its result is shown.
        presentation: Presentation,
    },
    /// A change was approved and begins: until its call ends, something of it may have been sent.
    ChangeBegins(CallId),
    /// A call tells how far it is: a step of a change that runs, or an action that tries something out.
    Progress {
        /// Which call it is of.
        call: CallId,
        /// Which step of its plan, counted from 0; none before there is a plan.
        step: Option<usize>,
        /// How far it is.
        progress: Progress,
    },
    /// More of what a call follows, such as lines of a log: whole lines, cleaned, each with its end.
    Output {
        /// Which call it is of.
        call: CallId,
        /// The lines.
        chunk: String,
    },
    /// A call ended on a node.
    CallEnded(Box<CallResult>),
    /// A node answered, or did not, while many are asked.
    Node(Box<NodeRow>),
    /// More words of a model's answer.
    Said(String),
    /// These words of a model, the last that were said, were its thoughts and no part of the answer.
    TakenBack(String),
    /// Something that a person should know.
    Notice(String),
}

/// Hears events. Called in order, from one task at a time or several; it should not block.
pub trait Audience: Send + Sync {
    /// One event.
    fn hear(&self, event: Event);
}

/// Nobody listens.
impl Audience for () {
    fn hear(&self, _: Event) {}
}

/// What became of one call on one node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallResult {
    /// Which call it was.
    pub call: CallId,
    /// The action, as `container.list`.
    pub tool: String,
    /// The node; `local` for the controller.
    pub node: String,
    /// The arguments, as they were understood.
    pub args: Value,
    /// How it is shown; not part of the contract's JSON.
    #[serde(skip)]
    pub presentation: Presentation,
    /// How it ended.
    pub status: StepStatus,
    /// The typed report.
    pub data: Option<Value>,
    /// What a person reads.
    pub text: Option<String>,
    /// What was to be done, for a change.
    pub plan: Option<Part>,
    /// The request that it belongs to, as the journal numbers it, for a change that was asked about.
    pub request: Option<RequestId>,
    /// The review in which a person decided about it, together with all other calls that have the same here.
    pub review: Option<PlanDigest>,
    /// What became of each step, for a change.
    pub steps: Vec<StepReport>,
    /// What went wrong.
    pub error: Option<ErrorReport>,
    /// How long looking and doing took, in milliseconds, without waiting for people.
    pub ms: u64,
}

impl CallResult {
    /// A call that has not begun, shown as a text about its node.
    #[must_use]
    pub fn new(call: CallId, tool: &str, node: &str, args: Value) -> Self {
        Self {
            call,
            tool: tool.to_owned(),
            node: node.to_owned(),
            args,
            presentation: Presentation::OF_A_NODE,
            status: StepStatus::NotStarted,
            data: None,
            text: None,
            plan: None,
            request: None,
            review: None,
            steps: Vec::new(),
            error: None,
            ms: 0,
        }
    }

    /// The same, shown like this.
    #[must_use]
    pub fn shown_as(self, presentation: Presentation) -> Self {
        Self { presentation, ..self }
    }

    pub(crate) fn failed(mut self, status: StepStatus, error: ErrorReport) -> Self {
        self.status = status;
        self.error = Some(error);
        self
    }
}

/// All that came of an [`Op`]: the one document of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Outcome {
    /// One for every call on every node.
    pub results: Vec<CallResult>,
    /// The words of the answer to a request.
    pub answer: Option<String>,
    /// Why the request as a whole came to nothing.
    pub error: Option<ErrorReport>,
}

impl Outcome {
    /// An outcome that is an error and nothing else.
    #[must_use]
    pub fn error(error: ErrorReport) -> Self {
        Self { results: Vec::new(), answer: None, error: Some(error) }
    }

    pub(crate) fn results(results: Vec<CallResult>) -> Self {
        Self { results, answer: None, error: None }
    }

    /// The exit code of the CLI contract: 0 all done, 1 a step failed or its outcome is unknown, 2 bad usage or
    /// configuration, 3 refused or not approved, 4 a node could not be reached, 5 not understood or no model answered,
    /// 130 interrupted. With several results the highest of 1 to 4 wins.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match &self.error {
            Some(error) => code_of_error(error.kind),
            None => self.results.iter().map(code_of_result).max().unwrap_or(0),
        }
    }
}

fn code_of_result(result: &CallResult) -> u8 {
    if result.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Cancelled) {
        return 130;
    }
    match result.status {
        StepStatus::Done => 0,
        StepStatus::Refused | StepStatus::Declined => 3,
        StepStatus::Unreachable => 4,
        StepStatus::Unknown => 1,
        // A dry run is not begun, and that is no error.
        StepStatus::Failed | StepStatus::NotStarted => match &result.error {
            None => 0,
            Some(error) => match code_of_error(error.kind) {
                code @ (2 | 130) => code,
                _ => 1,
            },
        },
    }
}

fn code_of_error(kind: ErrorKind) -> u8 {
    use ErrorKind as K;
    match kind {
        K::Usage | K::Config | K::UnknownAction | K::UnknownNode | K::BadArgument | K::NodeExists => 2,
        K::ReadOnly | K::ApprovalRequired | K::Declined | K::SecretRequired => 3,
        K::Timeout | K::Refused | K::Auth | K::HostKeyChanged | K::Dns | K::Protocol | K::Controller => 4,
        K::NotUnderstood | K::ModelUnavailable | K::ModelBroken => 5,
        K::Cancelled => 130,
        K::Changed
        | K::NotStarted
        | K::WriteFailed
        | K::Unfit
        | K::SudoPassword
        | K::Permission
        | K::ProgramMissing
        | K::NotFound
        | K::CommandFailed
        | K::Deadline
        | K::Lost
        | K::Unreadable
        | K::Journal
        | K::CannotUndo
        | K::Internal => 1,
    }
}

/// `data` of `node.adopt`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Adopted {
    /// The new node, as the table shows it.
    pub node: NodeRow,
    /// The host key of the machine that answered.
    #[schemars(with = "String")]
    pub fingerprint: Fingerprint,
    /// Whether that key was known before.
    #[schemars(with = "String")]
    pub host_key: crate::exec::HostKeyState,
    /// What the mode will need and the login does not have, each with its cure.
    pub lacks: Vec<ErrorReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: StepStatus, kind: Option<ErrorKind>) -> CallResult {
        let blank = CallResult::new(CallId::default(), "probe.touch", "web", Value::Null);
        CallResult { status, error: kind.map(|kind| ErrorReport::new(kind, "x")), ..blank }
    }

    fn code(results: &[(StepStatus, Option<ErrorKind>)]) -> u8 {
        Outcome::results(results.iter().map(|(status, kind)| result(*status, *kind)).collect()).exit_code()
    }

    /// The exit codes of the CLI contract.
    #[test]
    fn exit_codes() {
        use ErrorKind as K;
        use StepStatus as S;
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[(S::Done, None), (S::NotStarted, None)]), 0);
        assert_eq!(code(&[(S::Failed, Some(K::CommandFailed))]), 1);
        assert_eq!(code(&[(S::Unknown, Some(K::Lost))]), 1);
        assert_eq!(code(&[(S::NotStarted, Some(K::NotStarted))]), 1);
        assert_eq!(code(&[(S::NotStarted, Some(K::Changed))]), 1);
        assert_eq!(code(&[(S::Failed, Some(K::UnknownNode))]), 2);
        assert_eq!(code(&[(S::Refused, Some(K::ReadOnly)), (S::Failed, Some(K::CommandFailed))]), 3);
        assert_eq!(code(&[(S::Declined, Some(K::ApprovalRequired))]), 3);
        assert_eq!(
            code(&[(S::Unreachable, Some(K::Lost)), (S::Declined, Some(K::Declined)), (S::Done, None)]),
            4
        );
        assert_eq!(code(&[(S::Failed, Some(K::Cancelled))]), 130);
        for (kind, expected) in [
            (K::Usage, 2),
            (K::Config, 2),
            (K::NodeExists, 2),
            (K::HostKeyChanged, 4),
            (K::Controller, 4),
            (K::NotUnderstood, 5),
            (K::ModelBroken, 5),
            (K::Cancelled, 130),
        ] {
            assert_eq!(Outcome::error(ErrorReport::new(kind, "x")).exit_code(), expected, "{kind:?}");
        }
    }
}
