//! What a person is asked of a request, and how the answer is got.

use std::collections::{HashMap, HashSet};

use super::Workflow;
use crate::call_id::CallId;
use crate::config::Routine;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{AskedPart, Consent, RequestId, Verdict};
use crate::plan::{Decision, LeftOut, Origin, Review, Risk, Uncovered};
use crate::session::approver::Answer;
use crate::session::ledger::{Held, Recorded};
use crate::session::proposal::Proposal;
use crate::session::protocol::{CallResult, Event};

/// A review that was asked about.
pub(super) struct Asked {
    pub(super) recorded: Recorded,
    /// The request, unless somebody else of ours has it already.
    pub(super) held: Option<Held>,
    pub(super) answer: Result<Answer, ErrorReport>,
}

impl Workflow<'_> {
    /// Writes down what is asked, and asks it, unless it waited and was approved by its number.
    pub(super) async fn ask(
        &self,
        review: &mut Review,
        proposals: &[Proposal],
        earlier: Option<RequestId>,
    ) -> Result<Asked, ErrorReport> {
        let ledger = self.cx.ledger();
        if let Some(waited) = &self.cx.cause.waited
            && earlier.is_none()
        {
            let held = &waited.held;
            let is_same = review.digest.to_string() == waited.review;
            let is_whole = self.is_whole().await;
            if is_same && review.is_told_by_its_steps() && is_whole {
                review.request = Some(held.id);
                let decision = Decision::Approve(review.digest);
                let answer = Ok(Answer { decision, consent: Consent::ByNumber });
                let recorded = Recorded::waited(waited, review.parts.iter().map(|part| part.call));
                return Ok(Asked { recorded, held: None, answer });
            }
            ledger.decided(held.id, Verdict::Replaced).await?;
            let why = match (is_same, is_whole) {
                (false, _) => "comes to another plan by now",
                (true, false) => "stands in a journal that is not as it was written",
                (true, true) => "has to be seen by whoever approves it",
            };
            self.cx
                .audience
                .hear(Event::Notice(format!("request {} {why}: it is asked about anew", held.id)));
        }
        let part = |proposal: &Proposal| AskedPart::new(&proposal.part, proposal.result.args.clone());
        let held = ledger.asked(review, proposals.iter().map(part).collect(), earlier).await?;
        review.request = Some(held.id);
        let answer = self.answer(review).await;
        Ok(Asked { recorded: Recorded::here(held.id), held: Some(held), answer })
    }

    /// Whether the journal is as it was written: what it says of a request that waits is believed only then.
    async fn is_whole(&self) -> bool {
        let verified = self.cx.inner.parts.journal.verify().await;
        verified.is_ok_and(|verified| verified.problems.is_empty())
    }

    pub(super) fn review(&self, proposals: &[Proposal], missing: &[CallResult]) -> Option<Review> {
        let parts: HashSet<CallId> = proposals.iter().map(|proposal| proposal.part.call).collect();
        let missing: HashMap<CallId, &CallResult> =
            missing.iter().map(|result| (result.call, result)).collect();
        let (mut left_out, mut follows_a_gap) = (Vec::new(), false);
        for call in self.calls.iter().filter(|call| !call.is_read()) {
            follows_a_gap |= !left_out.is_empty() && call.sites.iter().any(|site| parts.contains(&site.call));
            left_out.extend(call.sites.iter().filter_map(|site| {
                let why = &missing.get(&site.call)?.error.as_ref()?.message;
                let action = call.action.spec.name.to_string();
                Some(LeftOut::new(Some(site.call), &action, site.node.name().as_str(), why))
            }));
        }
        let stays = &self.cx.cause.stays;
        follows_a_gap |= !stays.is_empty();
        left_out.extend(stays.iter().map(|stay| LeftOut::new(None, &stay.action, &stay.node, &stay.why)));
        // The reason that weighs most: what the journal says may never have been asked for, then what nobody has seen.
        let uncovered = match &self.cx.cause.waited {
            _ if self.cx.cause.is_doubtful => Some(Uncovered::DamagedJournal),
            Some(_) => Some(Uncovered::Unseen),
            None => follows_a_gap.then_some(Uncovered::FollowsAGap),
        };
        let parts = proposals.iter().map(|proposal| proposal.part.clone()).collect();
        let review = Review::of(parts, left_out, uncovered)?;
        Some(Review { undoes: self.cx.cause.undoes, ..review })
    }

    /// `routine = "auto"` is a person's standing yes to what a person asks for; what a model asks for is always shown.
    async fn answer(&self, review: &Review) -> Result<Answer, ErrorReport> {
        let is_routine = review.risk == Risk::Routine && review.uncovered.is_none();
        if self.roster.config.approval.routine == Routine::Auto
            && is_routine
            && review.origin == Origin::Person
        {
            return Ok(Answer { decision: Decision::Approve(review.digest), consent: Consent::Routine });
        }
        tokio::select! {
            answer = self.cx.inner.asking.decide(review) => Ok(answer),
            () = self.cx.cancel.cancelled() => {
                Err(ErrorReport::new(ErrorKind::Cancelled, "interrupted at the question; nothing was run"))
            }
        }
    }
}
