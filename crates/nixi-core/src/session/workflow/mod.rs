//! The changes of a request: all of them are planned before one is asked about, a person is asked once, and what they said
//! yes to is applied in order.
//!
//! **Invariant.** No step runs that was not in the review which was approved; and a person is asked once for a request, not
//! once for a call.

mod composing;
mod question;
mod told;

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::approver::Answer;
use super::calls::{Checked, Site};
use super::ending::{declined, unapproved};
use super::ledger::{Held, Recorded, verdict};
use super::left_behind::not_begun;
use super::proposal::{Prepared, Proposal};
use super::protocol::{CallResult, Intent};
use super::request_cx::RequestCx;
use super::roster::Roster;
use super::visit::Visit;
use crate::call_id::CallId;
use crate::error::ErrorReport;
use crate::journal::Verdict;
use crate::node::NodeName;
use crate::plan::{
    self, Approved, ApprovedPart, Decision, Declared, PlanDigest, Refusal, Review, StepStatus,
};
use composing::{Joined, Waiting};
use question::Asked;
use told::Told;

/// Calls of one request, the first of which is a change.
pub(super) struct Workflow<'a> {
    pub(super) cx: &'a RequestCx<'a>,
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
    recorded: Option<Recorded>,
    /// It is nobody else's until all of it is over.
    _held: Option<Held>,
}

impl Settled {
    /// Nothing is applied.
    fn without(decided: HashMap<CallId, Decided>) -> Self {
        Self { decided, recorded: None, _held: None }
    }
}

/// What planning all changes once came to.
#[derive(Default)]
struct Round {
    /// To be asked about.
    proposals: Vec<Proposal>,
    /// Nothing to be done; and whether that was told by changes before it that are still to be done.
    idle: Vec<(CallResult, bool)>,
}

impl<'a> Workflow<'a> {
    /// Plans, asks, applies; the results in the order of the calls. Reads are made where they stand: after the changes before
    /// them.
    pub(super) async fn run(&self) -> Vec<CallResult> {
        let Settled { mut decided, recorded, _held } = self.decide().await;
        let mut results = Vec::new();
        let mut stopped = false;
        let mut waiting = Waiting::default();
        let mut left = self.calls;
        while let Some((call, rest)) = left.split_first() {
            if call.is_read() {
                let count = left.iter().take_while(|call| call.is_read()).count();
                let (reads, rest) = left.split_at(count);
                results.extend(self.cx.side_by_side(reads, self.roster).await);
                left = rest;
                continue;
            }
            let mut all_done = true;
            for site in &call.sites {
                let result = match decided.remove(&site.call) {
                    None => continue,
                    Some(Decided::Over(result)) => *result,
                    Some(Decided::Idle(result) | Decided::Approved(_, result)) if stopped => {
                        let result = result.failed(StepStatus::NotStarted, self.cx.not_begun());
                        CallResult { text: None, ..result }
                    }
                    Some(Decided::Idle(result)) => *result,
                    Some(Decided::Approved(part, result)) => {
                        let Some(recorded) = &recorded else { continue };
                        let visit = self.visit(call, site);
                        if let Some(doer) = part.plan().done_by {
                            waiting.add(doer, Joined { visit, part: *part, result: *result });
                            continue;
                        }
                        let result = visit.apply(*part, *result, recorded).await;
                        all_done &= result.status == StepStatus::Done;
                        for joined in waiting.take(result.call) {
                            results.push(self.cx.ended(joined.ended_as(&result, recorded).await).await);
                        }
                        result
                    }
                };
                stopped |= went_wrong(&result);
                results.push(self.cx.ended(result).await);
            }
            // The next call may rely on this one on each of its nodes.
            stopped |= !all_done;
            left = rest;
        }
        for joined in waiting.rest() {
            let result = joined.result.failed(StepStatus::NotStarted, self.cx.not_begun());
            results.push(self.cx.ended(result).await);
        }
        self.in_order(&mut results);
        if let Some(recorded) = &recorded {
            self.cx.ledger().ended(recorded, &results).await;
        }
        results
    }

    fn visit(&self, call: &'a Checked, site: &'a Site) -> Visit<'a> {
        Visit { cx: self.cx, roster: self.roster, call, site }
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
                plans.push_back(self.cx.prepare(call, site, self.roster, before));
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
        self.compose(&mut round, told).await;
        if self.cx.intent == Intent::PlanOnly {
            let planned = round.proposals.drain(..).map(|proposal| (proposal.only_planned(), false));
            round.idle.extend(planned);
        }
        round
    }

    /// Has it decided what is applied; all other changes are over.
    async fn decide(&self) -> Settled {
        let (mut told, mut earlier) = (Told::default(), None);
        loop {
            let Round { proposals, idle } = self.plan_all(&mut told).await;
            let Some(mut review) = self.review(&proposals, &told.missing) else {
                if told.missing.is_empty() && self.cx.intent == Intent::Perform {
                    self.nothing_to_do().await;
                }
                return Settled::without(self.close(told, idle, Vec::new()));
            };
            let Asked { recorded, held, answer } = match self.ask(&mut review, &proposals, earlier).await {
                Ok(asked) => asked,
                Err(error) => {
                    let decided = unasked(proposals, &review, StepStatus::NotStarted, &error);
                    return Settled::without(self.close(told, idle, decided));
                }
            };
            let verdict = verdict(&review, &answer);
            let written = self.cx.ledger().decided(recorded.request, verdict).await;
            let decided = match answer {
                Ok(Answer { decision: Decision::Only(chosen), .. }) => {
                    told.keep(proposals, &review, &chosen);
                    earlier = Some(recorded.request);
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
            let recorded = matches!(verdict, Verdict::Agreed(_)).then_some(recorded);
            return Settled { decided: self.close(told, idle, decided), recorded, _held: held };
        }
    }

    /// What waited and was approved has nothing to do by now: it waits no more.
    async fn nothing_to_do(&self) {
        if let Some(waited) = &self.cx.cause.waited {
            self.cx.ledger().ended(&Recorded::here(waited.held.id), &[]).await;
        }
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
        denied.filter(|digest| !is_approved(*digest)).for_each(|digest| self.cx.answers.deny(digest));
        let ended = told.missing.into_iter().chain(told.declined);
        over(ended).chain(idle).chain(decided).collect()
    }

    /// A plan that is to be asked about, or else how its call ends without a question.
    fn unasked(&self, proposal: Proposal) -> Result<Proposal, Box<CallResult>> {
        if proposal.plan.is_empty() {
            return Err(Box::new(proposal.only_planned()));
        }
        if self.cx.intent == Intent::PlanOnly {
            return Ok(proposal);
        }
        if self.cx.cancel.is_cancelled() {
            return Err(Box::new(proposal.shown().failed(StepStatus::NotStarted, not_begun())));
        }
        // What a person said no to is not asked again because a model insists.
        if self.cx.answers.denies(proposal.part.digest) {
            let error = declined(Refusal::Person);
            return Err(Box::new(proposal.shown().failed(StepStatus::Declined, error)));
        }
        Ok(proposal)
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
                self.cx.answers.deny(proposal.part.digest);
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
