//! Changes of a request that are not asked about any more.

use std::collections::HashSet;

use crate::call_id::CallId;
use crate::error::{ErrorKind, ErrorReport};
use crate::plan::{Review, StepStatus};
use crate::session::proposal::Proposal;
use crate::session::protocol::CallResult;

/// What is known of changes that are not asked about any more.
#[derive(Default)]
pub(super) struct Told {
    /// Those that cannot be done.
    pub(super) missing: Vec<CallResult>,
    /// Those that the person left out.
    pub(super) declined: Vec<CallResult>,
    /// Both of them.
    pub(super) away: HashSet<CallId>,
    /// What the person kept, once they chose.
    kept: Option<HashSet<CallId>>,
}

impl Told {
    pub(super) fn cannot(&mut self, result: CallResult) {
        self.away.insert(result.call);
        self.missing.push(result);
    }

    pub(super) fn decline(&mut self, proposal: Proposal) {
        self.away.insert(proposal.part.call);
        let error = ErrorReport::new(ErrorKind::Declined, "you left this out; it was not run");
        self.declined.push(proposal.shown().failed(StepStatus::Declined, error));
    }

    /// Whether it has something to do, and is not among what the person kept.
    pub(super) fn leaves_out(&self, proposal: &Proposal) -> bool {
        let is_kept = self.kept.as_ref().is_none_or(|kept| kept.contains(&proposal.part.call));
        !is_kept && !proposal.plan.is_empty()
    }

    /// The person keeps those at these places: what is left is planned and asked about anew, without the others.
    pub(super) fn keep(&mut self, proposals: Vec<Proposal>, review: &Review, chosen: &[usize]) {
        let mut kept = HashSet::new();
        for (at, proposal) in proposals.into_iter().enumerate() {
            if chosen.contains(&at) {
                kept.insert(proposal.part.call);
            } else {
                self.decline(proposal.asked_in(review));
            }
        }
        self.kept = Some(kept);
    }
}
