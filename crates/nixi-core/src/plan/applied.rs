//! What became of each step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorReport, ToolError};
use crate::exec::ExecError;
use crate::node::Node;
use crate::plan::Progress;

/// How a step, or a whole call, ended. The seven words of the CLI contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// The node itself said that it worked.
    Done,
    /// It ran and failed.
    Failed,
    /// It was never begun.
    NotStarted,
    /// The node's mode does not allow it.
    Refused,
    /// No person approved it.
    Declined,
    /// The node could not be reached; nothing was sent.
    Unreachable,
    /// It was sent, and what became of it is not known.
    Unknown,
}

impl StepStatus {
    /// The word of the CLI contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotStarted => "not_started",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of one step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepReport {
    /// The step, as it was shown.
    pub step: String,
    /// How it ended.
    pub status: StepStatus,
    /// What it printed, cut to a readable size.
    pub output: Option<String>,
    /// What went wrong.
    pub error: Option<ErrorReport>,
    /// How far it was, if it did not end as done.
    pub progress: Option<Progress>,
}

/// The report of a command that did not run to its end, or not at all.
pub(super) fn unended(step: String, error: ExecError, node: &Node) -> StepReport {
    let status = status_of(&error);
    let mut report = ToolError::Exec(error).report();
    if status == StepStatus::Unknown {
        report = report.hint(format!(
            "it may or may not have run: check {} before you try again; Nixi does not retry changes",
            node.name()
        ));
    }
    StepReport { step, status, output: None, error: Some(report), progress: None }
}

fn status_of(error: &ExecError) -> StepStatus {
    match error {
        ExecError::Unreachable { .. } => StepStatus::Unreachable,
        ExecError::Lost(_) | ExecError::Deadline(_) | ExecError::Cancelled => StepStatus::Unknown,
        ExecError::CancelledUnsent => StepStatus::NotStarted,
        ExecError::Unfit { .. } | ExecError::Unquotable(_) => StepStatus::Failed,
    }
}

pub(crate) fn done(step: String, output: Option<String>) -> StepReport {
    StepReport { step, status: StepStatus::Done, output, error: None, progress: None }
}

/// A step that is not begun.
pub(super) fn not_begun(step: String, error: ErrorReport) -> StepReport {
    StepReport { step, status: StepStatus::NotStarted, output: None, error: Some(error), progress: None }
}

/// The report of a step that was sent, and of which it is not known what became.
pub(super) fn unknown(step: String, error: ErrorReport) -> StepReport {
    StepReport { step, status: StepStatus::Unknown, output: None, error: Some(error), progress: None }
}

pub(crate) fn failed(step: String, error: ErrorReport) -> StepReport {
    StepReport { step, status: StepStatus::Failed, output: None, error: Some(error), progress: None }
}
