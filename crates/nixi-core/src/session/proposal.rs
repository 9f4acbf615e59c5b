//! A change on one node, planned.

use super::protocol::CallResult;
use crate::plan::{Part, Plan, Review, StepStatus, Writable};

/// What looking came to.
pub(super) enum Prepared {
    /// The call is over: it was a read, or a change that never gets to a plan.
    Ended(Box<CallResult>),
    /// A plan to be asked about.
    Planned(Box<Proposal>),
}

/// A plan, and all that has to come with it.
pub(super) struct Proposal {
    pub(super) plan: Plan,
    pub(super) part: Part,
    pub(super) writable: Writable,
    pub(super) result: CallResult,
}

impl Proposal {
    /// The result with the plan, which is not going to be applied.
    pub(super) fn shown(self) -> CallResult {
        CallResult { plan: Some(self.part), ..self.result }
    }

    /// The same, asked about in this review.
    pub(super) fn asked_in(mut self, review: &Review) -> Self {
        self.result.review = Some(review.digest);
        self.result.request = review.request;
        self
    }

    /// How the call ends if nobody is asked: as done where nothing has to be done.
    pub(super) fn only_planned(self) -> CallResult {
        let summary = self.part.summary.clone();
        if self.plan.is_empty() {
            return CallResult { status: StepStatus::Done, text: Some(summary), ..self.result };
        }
        CallResult { text: Some(format!("would {summary}")), ..self.shown() }
    }
}
