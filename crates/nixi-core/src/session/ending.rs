//! How a call on one node ends, and what is said of it.

use super::protocol::CallResult;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::ExecError;
use crate::journal::RequestId;
use crate::plan::{Origin, Refusal, Review, Risk, StepReport, StepStatus, Uncovered};
use crate::registry::Found;

/// How a call ended that leaves a running system as it is.
pub(super) fn looked(result: CallResult, found: Result<Found, ToolError>) -> CallResult {
    match found {
        Ok(Found { data, text }) => {
            CallResult { status: StepStatus::Done, data: Some(data), text: Some(text), ..result }
        }
        // A machine that must not be tried things on.
        Err(error) if error.kind() == ErrorKind::ReadOnly => {
            result.failed(StepStatus::Refused, error.report())
        }
        Err(error) => result.failed(status_of_read(&error), error.report()),
    }
}

pub(super) fn status_of_read(error: &ToolError) -> StepStatus {
    match error {
        ToolError::Exec(ExecError::Unreachable { .. }) => StepStatus::Unreachable,
        ToolError::Exec(ExecError::Lost(_) | ExecError::Cancelled) => StepStatus::Unknown,
        ToolError::Exec(ExecError::CancelledUnsent) => StepStatus::NotStarted,
        ToolError::Exec(ExecError::Unfit { .. } | ExecError::Deadline(_) | ExecError::Unquotable(_))
        | ToolError::Command { .. }
        | ToolError::SudoPassword { .. }
        | ToolError::SudoRefused { .. }
        | ToolError::SudoMissing
        | ToolError::ProgramMissing(_)
        | ToolError::Permission { .. }
        | ToolError::Unreadable { .. }
        | ToolError::BadArgument { .. }
        | ToolError::NotFound { .. }
        | ToolError::SecretsNeeded(_)
        | ToolError::Reported(_) => StepStatus::Failed,
    }
}

fn is_out_of_reach(error: &ToolError) -> bool {
    matches!(error, ToolError::Exec(ExecError::Unreachable { .. } | ExecError::Lost(_)))
}

/// Nothing of the plan has run.
pub(super) fn status_of_plan(error: &ToolError) -> StepStatus {
    if is_out_of_reach(error) {
        StepStatus::Unreachable
    } else if error.kind() == ErrorKind::ReadOnly {
        StepStatus::Refused
    } else if error.kind() == ErrorKind::SecretRequired {
        StepStatus::Declined
    } else if matches!(error.kind(), ErrorKind::Changed | ErrorKind::Cancelled) {
        StepStatus::NotStarted
    } else {
        StepStatus::Failed
    }
}

/// The whole call ended as its first step that did not end as done; a node lost halfway through is a failure.
pub(super) fn concluded(result: CallResult, steps: Vec<StepReport>) -> CallResult {
    let first_bad = steps.iter().position(|step| step.status != StepStatus::Done);
    let (status, error) = match first_bad {
        None => (StepStatus::Done, None),
        Some(at) => {
            let step = &steps[at];
            let lost_halfway =
                at > 0 && matches!(step.status, StepStatus::Unreachable | StepStatus::NotStarted);
            let status = if lost_halfway { StepStatus::Failed } else { step.status };
            (status, step.error.clone())
        }
    };
    let summary = result.plan.as_ref().map(|part| part.summary.as_str()).unwrap_or_default();
    let mut text = format!("{}: {summary}", status.as_str());
    for step in &steps {
        text.push_str(&format!("\n  {:<11} {}", step.status.as_str(), step.step));
    }
    CallResult { status, error, steps, text: Some(text), ..result }
}

/// Why nothing said in advance helps.
const ONLY_A_PERSON: &str = "run it on a terminal to approve it: the plan may reach a read-only machine (see its warning), and --yes does not cover that";

/// Why not all of a request was applied in advance.
const NOT_WHOLE: &str = "part of this cannot be done, and --yes approves all of a request or nothing: run it on a terminal to approve the rest, or \
                         request only that part";

/// What would have approved a plan that destroys.
const DESTRUCTIVE: &str = "run it on a terminal to approve it, or add --yes=destructive: --yes alone does not approve destructive changes";

/// Why no word in advance approves what a model made.
const ONLY_SHOWN: &str = "run it on a terminal to approve it: Nixi always asks about a plan made by a model";

/// Why a review was not approved.
pub(super) fn unapproved(review: &Review, refusal: Refusal) -> ErrorReport {
    let error = match (refusal, review.origin, review.risk) {
        (Refusal::NobodyToAsk, Origin::Model, _) => declined(refusal).hint(ONLY_SHOWN),
        (Refusal::NobodyToAsk, Origin::Person, Risk::Destructive) => declined(refusal).hint(DESTRUCTIVE),
        (_, Origin::Model | Origin::Person, _) => declined(refusal),
    };
    match refusal {
        Refusal::NobodyToAsk if review.is_for_a_person() => error.hint(ONLY_A_PERSON),
        Refusal::NobodyToAsk => match review.uncovered {
            Some(Uncovered::FollowsAGap) => error.hint(NOT_WHOLE),
            Some(Uncovered::Unseen) => error.hint("run it on a terminal, to see what it comes to now"),
            Some(Uncovered::DamagedJournal) => error.hint(
                "run it on a terminal, to see what it comes to: the journal that it is from is not as it was written",
            ),
            None => error,
        },
        Refusal::Waits => match review.request {
            Some(request) => waits(request),
            None => error,
        },
        Refusal::Person | Refusal::TimedOut | Refusal::Gone => error,
    }
}

fn waits(request: RequestId) -> ErrorReport {
    ErrorReport::new(
        ErrorKind::ApprovalRequired,
        format!("nothing was run: request {request} waits for a person"),
    )
    .hint(format!("`nixi approve {request}` runs it, `nixi deny {request}` drops it"))
}

pub(super) fn declined(refusal: Refusal) -> ErrorReport {
    match refusal {
        Refusal::Person => ErrorReport::new(ErrorKind::Declined, "you said no; nothing was run"),
        Refusal::NobodyToAsk => ErrorReport::new(
            ErrorKind::ApprovalRequired,
            "a person has to approve this plan; nothing was run",
        )
        .hint("run it on a terminal to approve it, or add --yes"),
        Refusal::Waits => {
            ErrorReport::new(ErrorKind::ApprovalRequired, "nothing was run: it waits for a person")
        }
        Refusal::TimedOut => {
            ErrorReport::new(ErrorKind::ApprovalRequired, "nobody answered in time; nothing was run")
        }
        Refusal::Gone => ErrorReport::new(
            ErrorKind::ApprovalRequired,
            "the question was closed without an answer; nothing was run",
        ),
    }
}
