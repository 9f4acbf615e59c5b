//! The changes of a request: all of them are planned before one is asked about, a person is asked once, and what they said
//! yes to is applied in order.
//!
//! **Invariant.** No step runs that was not in the review which was approved; and a person is asked once for a request, not
//! once for a call.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::approver::Answer;
use super::batch::{Batch, Checked, Site};
use super::door::{Door, Prepared, Proposal, declined, unapproved};
use super::ledger::{Held, Waited, verdict};
use super::left_behind::not_begun;
use super::protocol::{CallResult, Event, Intent};
use super::roster::Roster;
use crate::call_id::CallId;
use crate::config::Routine;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{Consent, RequestId, Verdict};
use crate::node::NodeName;
use crate::plan::{
    self, Approved, ApprovedPart, Decision, Declared, LeftOut, Origin, PlanDigest, Refusal, Review, Risk,
    StepStatus, Uncovered,
};

/// Calls of one request, the first of which is a change.
pub(super) struct Workflow<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) roster: &'a Roster,
    pub(super) calls: &'a [Checked],
}

/// A change on one node, once all has been decided.
enum Decided {
    /// It never gets to be applied.
    Over(Box<CallResult>),
    /// Nothing has to be done, if all before it is done.
    Idle(Box<CallResult>),
    /// It was approved.
    Approved(Box<ApprovedPart>, Box<CallResult>),
}

/// All changes, decided.
struct Settled {
    decided: HashMap<CallId, Decided>,
    /// What was approved, in the journal.
    request: Option<RequestId>,
    /// It is nobody else's until all of it is over.
    _held: Option<Held>,
}

impl Settled {
    /// Nothing is applied.
    fn without(decided: HashMap<CallId, Decided>) -> Self {
        Self { decided, request: None, _held: None }
    }
}

/// A review that was asked about.
struct Asked {
    request: RequestId,
    /// The request, unless somebody else of ours has it already.
    held: Option<Held>,
    answer: Result<Answer, ErrorReport>,
}

/// What planning all changes once came to.
#[derive(Default)]
struct Round {
    /// To be asked about.
    proposals: Vec<Proposal>,
    /// Nothing to be done; and whether that was told by changes before it that are still to be done.
    idle: Vec<(CallResult, bool)>,
}

/// What is known of changes that are not asked about any more.
#[derive(Default)]
struct Told {
    /// Those that cannot be done.
    missing: Vec<CallResult>,
    /// Those that the person left out.
    declined: Vec<CallResult>,
    /// Both of them.
    away: HashSet<CallId>,
    /// What the person kept, once they chose.
    kept: Option<HashSet<CallId>>,
}

impl Told {
    fn cannot(&mut self, result: CallResult) {
        self.away.insert(result.call);
        self.missing.push(result);
    }

    fn decline(&mut self, proposal: Proposal) {
        self.away.insert(proposal.part.call);
        let error = ErrorReport::new(ErrorKind::Declined, "you left this out; it was not run");
        self.declined.push(proposal.shown().failed(StepStatus::Declined, error));
    }

    /// Whether it has something to do, and is not among what the person kept.
    fn leaves_out(&self, proposal: &Proposal) -> bool {
        let is_kept = self.kept.as_ref().is_none_or(|kept| kept.contains(&proposal.part.call));
        !is_kept && !proposal.plan.is_empty()
    }

    /// The person keeps those at these places: what is left is planned and asked about anew, without the others.
    fn keep(&mut self, proposals: Vec<Proposal>, review: &Review, chosen: &[usize]) {
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

impl<'a> Workflow<'a> {
    /// Plans, asks, applies; the results in the order of the calls. Reads are made where they stand: after the changes before
    /// them.
    pub(super) async fn run(&self) -> Vec<CallResult> {
        let Settled { mut decided, request, _held } = self.decide().await;
        let mut results = Vec::new();
        let mut stopped = false;
        let mut left = self.calls;
        while let Some((call, rest)) = left.split_first() {
            if call.is_read() {
                let count = left.iter().take_while(|call| call.is_read()).count();
                let (reads, rest) = left.split_at(count);
                results.extend(self.batch.side_by_side(reads, self.roster).await);
                left = rest;
                continue;
            }
            let mut all_done = true;
            for site in &call.sites {
                let result = match decided.remove(&site.call) {
                    None => continue,
                    Some(Decided::Over(result)) => *result,
                    Some(Decided::Idle(result) | Decided::Approved(_, result)) if stopped => {
                        let result = result.failed(StepStatus::NotStarted, self.batch.not_begun());
                        CallResult { text: None, ..result }
                    }
                    Some(Decided::Idle(result)) => *result,
                    Some(Decided::Approved(part, result)) => {
                        let Some(request) = request else { continue };
                        let result = self.door(call, site).apply(*part, *result, request).await;
                        all_done &= result.status == StepStatus::Done;
                        result
                    }
                };
                stopped |= went_wrong(&result);
                results.push(self.batch.ended(result).await);
            }
            // The next call may rely on this one on each of its nodes.
            stopped |= !all_done;
            left = rest;
        }
        if let Some(request) = request {
            self.batch.ledger().ended(request, &results).await;
        }
        results
    }

    fn door(&self, call: &'a Checked, site: &'a Site) -> Door<'a> {
        Door { batch: self.batch, roster: self.roster, call, site }
    }

    /// Plans all changes that are not told of yet, each call after the one before it, on all of its nodes at once. What will
    /// not be done is declared to none that follows.
    async fn plan_all(&self, told: &mut Told) -> Round {
        let mut round = Round::default();
        let mut declared: HashMap<&NodeName, Declared> = HashMap::new();
        let nothing = Declared::default();
        for call in self.calls.iter().filter(|call| !call.is_read()) {
            let sites: Vec<&Site> =
                call.sites.iter().filter(|site| !told.away.contains(&site.call)).collect();
            let mut plans = FuturesOrdered::new();
            for site in &sites {
                let before = declared.get(site.node.name()).unwrap_or(&nothing);
                plans.push_back(self.batch.prepare(call, site, self.roster, before));
            }
            let mut planned = Vec::with_capacity(sites.len());
            while let Some(plan) = plans.next().await {
                planned.push(plan);
            }
            drop(plans);
            for (site, prepared) in sites.into_iter().zip(planned) {
                let proposal = match prepared {
                    Prepared::Ended(result) => {
                        told.cannot(*result);
                        continue;
                    }
                    Prepared::Planned(proposal) => *proposal,
                };
                // It had nothing to do after a part that is left out now: it was not chosen.
                if told.leaves_out(&proposal) {
                    told.decline(proposal);
                    continue;
                }
                let before = declared.entry(site.node.name()).or_default();
                let relies = !before.is_empty();
                if self.batch.intent == Intent::PlanOnly {
                    before.add(&proposal.plan);
                }
                match self.unasked(proposal) {
                    Ok(proposal) => {
                        before.add(&proposal.plan);
                        round.proposals.push(proposal);
                    }
                    Err(result) if result.error.is_some() => told.cannot(*result),
                    Err(result) => round.idle.push((*result, relies)),
                }
            }
        }
        round
    }

    /// Has it decided what is applied; all other changes are over.
    async fn decide(&self) -> Settled {
        let (mut told, mut earlier) = (Told::default(), None);
        loop {
            let Round { proposals, idle } = self.plan_all(&mut told).await;
            let Some(mut review) = self.review(&proposals, &told.missing) else {
                if told.missing.is_empty() {
                    self.nothing_to_do().await;
                }
                return Settled::without(self.close(told, idle, Vec::new()));
            };
            let Asked { request, held, answer } = match self.ask(&mut review, &proposals, earlier).await {
                Ok(asked) => asked,
                Err(error) => {
                    let decided = unasked(proposals, &review, StepStatus::NotStarted, &error);
                    return Settled::without(self.close(told, idle, decided));
                }
            };
            let verdict = verdict(&review, &answer);
            let written = self.batch.ledger().decided(request, verdict).await;
            let decided = match answer {
                Ok(Answer { decision: Decision::Only(chosen), .. }) => {
                    told.keep(proposals, &review, &chosen);
                    earlier = Some(request);
                    continue;
                }
                // What waits has to be on record as that.
                Ok(Answer { decision, .. }) => match (written, verdict) {
                    (Err(error), Verdict::Agreed(_) | Verdict::Waiting) => {
                        unasked(proposals, &review, StepStatus::NotStarted, &error)
                    }
                    (Ok(()) | Err(_), _) => self.conclude(proposals, &review, &decision),
                },
                Err(error) => unasked(proposals, &review, StepStatus::Declined, &error),
            };
            let request = matches!(verdict, Verdict::Agreed(_)).then_some(request);
            return Settled { decided: self.close(told, idle, decided), request, _held: held };
        }
    }

    /// What waited and was approved has nothing to do by now: it waits no more.
    async fn nothing_to_do(&self) {
        if let Some(waited) = &self.batch.cause.waited {
            self.batch.ledger().ended(waited.held.id, &[]).await;
        }
    }

    /// Writes down what is asked, and asks it, unless it waited and was approved by its number.
    async fn ask(
        &self,
        review: &mut Review,
        proposals: &[Proposal],
        earlier: Option<RequestId>,
    ) -> Result<Asked, ErrorReport> {
        let ledger = self.batch.ledger();
        if let Some(Waited { held, review: waited }) = &self.batch.cause.waited
            && earlier.is_none()
        {
            let is_same = review.digest.to_string() == *waited;
            if is_same && review.is_told_by_its_steps() && self.is_whole().await {
                review.request = Some(held.id);
                let decision = Decision::Approve(review.digest);
                let answer = Ok(Answer { decision, consent: Consent::ByNumber });
                return Ok(Asked { request: held.id, held: None, answer });
            }
            ledger.decided(held.id, Verdict::Replaced).await?;
            let why = if is_same {
                "has to be seen by whoever approves it"
            } else {
                "comes to another plan by now"
            };
            self.batch
                .audience
                .hear(Event::Notice(format!("request {} {why}: it is asked about anew", held.id)));
        }
        let held = ledger.asked(review, proposals, earlier).await?;
        review.request = Some(held.id);
        let answer = self.answer(review).await;
        Ok(Asked { request: held.id, held: Some(held), answer })
    }

    /// Whether the journal is as it was written: what it says of a request that waits is believed only then.
    async fn is_whole(&self) -> bool {
        let verified = self.batch.inner.parts.journal.verify().await;
        verified.is_ok_and(|verified| verified.problems.is_empty())
    }

    /// What was decided, and how all else ended.
    fn close(
        &self,
        told: Told,
        idle: Vec<(CallResult, bool)>,
        decided: Vec<(CallId, Decided)>,
    ) -> HashMap<CallId, Decided> {
        // Of what was asked about, all is approved or nothing.
        let refusal = decided.iter().find_map(|(_, decided)| match decided {
            Decided::Over(result) => result.error.clone(),
            Decided::Idle(_) | Decided::Approved(..) => None,
        });
        let idle: Vec<(CallId, Decided)> = idle
            .into_iter()
            .map(|(result, relies)| match &refusal {
                Some(error) if relies => {
                    let result = result.failed(StepStatus::Declined, error.clone());
                    (result.call, Decided::Over(Box::new(CallResult { text: None, ..result })))
                }
                Some(_) | None => (result.call, Decided::Idle(Box::new(result))),
            })
            .collect();
        let is_approved = |digest: PlanDigest| {
            let approved = decided.iter().filter_map(|(_, decided)| match decided {
                Decided::Approved(_, result) => result.plan.as_ref(),
                Decided::Over(_) | Decided::Idle(_) => None,
            });
            approved.map(|part| part.digest).any(|approved| approved == digest)
        };
        // The same may have been asked for twice, and approved once.
        let denied = told.declined.iter().filter_map(|result| Some(result.plan.as_ref()?.digest));
        denied.filter(|digest| !is_approved(*digest)).for_each(|digest| self.batch.answers.deny(digest));
        let ended = told.missing.into_iter().chain(told.declined);
        over(ended).chain(idle).chain(decided).collect()
    }

    /// A plan that is to be asked about, or else how its call ends without a question.
    fn unasked(&self, proposal: Proposal) -> Result<Proposal, Box<CallResult>> {
        if proposal.plan.is_empty() || self.batch.intent == Intent::PlanOnly {
            return Err(Box::new(proposal.only_planned()));
        }
        if self.batch.cancel.is_cancelled() {
            return Err(Box::new(proposal.shown().failed(StepStatus::NotStarted, not_begun())));
        }
        // What a person said no to is not asked again because a model insists.
        if self.batch.answers.denies(proposal.part.digest) {
            let error = declined(Refusal::Person);
            return Err(Box::new(proposal.shown().failed(StepStatus::Declined, error)));
        }
        Ok(proposal)
    }

    fn review(&self, proposals: &[Proposal], missing: &[CallResult]) -> Option<Review> {
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
        let stays = &self.batch.cause.stays;
        follows_a_gap |= !stays.is_empty();
        left_out.extend(stays.iter().map(|stay| LeftOut::new(None, &stay.action, &stay.node, &stay.why)));
        let uncovered = match &self.batch.cause.waited {
            Some(_) => Some(Uncovered::Unseen),
            None => follows_a_gap.then_some(Uncovered::FollowsAGap),
        };
        Review::of(proposals.iter().map(|proposal| proposal.part.clone()).collect(), left_out, uncovered)
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
            answer = self.batch.inner.asking.decide(review) => Ok(answer),
            () = self.batch.cancel.cancelled() => {
                Err(ErrorReport::new(ErrorKind::Cancelled, "interrupted at the question; nothing was run"))
            }
        }
    }

    fn conclude(
        &self,
        proposals: Vec<Proposal>,
        review: &Review,
        decision: &Decision,
    ) -> Vec<(CallId, Decided)> {
        let said_no = *decision == Decision::Deny(Refusal::Person);
        let (mut asked, mut results) = (Vec::new(), Vec::new());
        for proposal in proposals {
            if said_no {
                self.batch.answers.deny(proposal.part.digest);
            }
            let Proposal { plan, part, writable, result } = proposal.asked_in(review);
            asked.push(plan::Asked { plan, writable });
            results.push(CallResult { plan: Some(part), ..result });
        }
        match Approved::new(asked, review, decision) {
            Ok(approved) => approved
                .into_parts()
                .zip(results)
                .map(|(part, result)| (result.call, Decided::Approved(Box::new(part), Box::new(result))))
                .collect(),
            Err(refusal) => {
                let error = unapproved(review, refusal);
                let ended =
                    results.into_iter().map(|result| result.failed(StepStatus::Declined, error.clone()));
                over(ended).collect()
            }
        }
    }
}

fn over(results: impl IntoIterator<Item = CallResult>) -> impl Iterator<Item = (CallId, Decided)> {
    results.into_iter().map(|result| (result.call, Decided::Over(Box::new(result))))
}

/// How changes end that were shown in a review and not approved.
fn unasked(
    proposals: Vec<Proposal>,
    review: &Review,
    status: StepStatus,
    error: &ErrorReport,
) -> Vec<(CallId, Decided)> {
    let shown = proposals.into_iter().map(|proposal| proposal.asked_in(review).shown());
    over(shown.map(|result| result.failed(status, error.clone()))).collect()
}

/// Whether something of a change ran and did not end well, as far as is known: then nothing else is begun, on no node.
fn went_wrong(result: &CallResult) -> bool {
    match result.status {
        StepStatus::Unknown => true,
        StepStatus::Failed => !result.steps.is_empty(),
        StepStatus::Done
        | StepStatus::NotStarted
        | StepStatus::Refused
        | StepStatus::Declined
        | StepStatus::Unreachable => false,
    }
}
