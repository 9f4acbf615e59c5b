//! What the changes of a request declare on one node is done by the last of them.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::told::Told;
use super::{Round, Workflow};
use crate::call_id::CallId;
use crate::plan::{ApprovedPart, ModuleEdit, StepStatus};
use crate::session::calls::{Checked, Site};
use crate::session::ledger::Recorded;
use crate::session::proposal::Proposal;
use crate::session::protocol::CallResult;
use crate::session::visit::Visit;

/// All that is declared on one node.
struct Group {
    /// Where the proposals are that declare something, in their order.
    places: Vec<usize>,
    edits: Vec<ModuleEdit>,
}

impl Workflow<'_> {
    /// Has all that is declared on a node done by the last proposal that declares something there. Where that cannot be done,
    /// none of them can.
    pub(super) async fn compose(&self, round: &mut Round, told: &mut Told) {
        let groups = groups(&round.proposals);
        if groups.is_empty() {
            return;
        }
        let mut proposals: Vec<Option<Proposal>> = round.proposals.drain(..).map(Some).collect();
        let mut composing = FuturesOrdered::new();
        for group in &groups {
            let last = group.places.last().and_then(|last| proposals.get_mut(*last)?.take());
            let site = last.as_ref().and_then(|last| self.site(last.part.call));
            let (Some(last), Some((call, site))) = (last, site) else { continue };
            let visit = self.visit(call, site);
            composing.push_back(async move { (group, visit.compose(last, &group.edits).await) });
        }
        let mut composed = Vec::with_capacity(groups.len());
        while let Some(done) = composing.next().await {
            composed.push(done);
        }
        drop(composing);
        for (group, done) in composed {
            let earlier = group.places.iter().rev().skip(1).rev();
            match done {
                Err(result) => {
                    for at in earlier {
                        let Some(proposal) = proposals.get_mut(*at).and_then(Option::take) else { continue };
                        let error = result.error.clone();
                        let shared = CallResult { status: result.status, error, ..proposal.result };
                        told.cannot(shared);
                    }
                    told.cannot(*result);
                }
                Ok(last) if last.plan.is_empty() => {
                    for at in earlier {
                        let Some(proposal) = proposals.get_mut(*at).and_then(Option::take) else { continue };
                        let text = Some(last.part.summary.clone());
                        let result = CallResult { status: StepStatus::Done, text, ..proposal.result };
                        round.idle.push((result, false));
                    }
                    round.idle.push((last.only_planned(), false));
                }
                Ok(last) => {
                    for at in earlier {
                        if let Some(Some(proposal)) = proposals.get_mut(*at) {
                            proposal.plan.done_by = Some(last.part.call);
                        }
                    }
                    if let Some(place) = group.places.last().and_then(|last| proposals.get_mut(*last)) {
                        *place = Some(last);
                    }
                }
            }
        }
        round.proposals = proposals.into_iter().flatten().collect();
    }

    fn site(&self, of: CallId) -> Option<(&Checked, &Site)> {
        self.calls.iter().find_map(|call| {
            let site = call.sites.iter().find(|site| site.call == of)?;
            Some((call, site))
        })
    }

    /// In the order of the calls, whichever ended first.
    pub(super) fn in_order(&self, results: &mut [CallResult]) {
        let sites = self.calls.iter().flat_map(|call| &call.sites);
        let places: HashMap<CallId, usize> = sites.enumerate().map(|(at, site)| (site.call, at)).collect();
        results.sort_by_key(|result| places.get(&result.call).copied());
    }
}

/// What is declared, node by node.
fn groups(proposals: &[Proposal]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut of_node: HashMap<&str, usize> = HashMap::new();
    for (at, proposal) in proposals.iter().enumerate() {
        let mut edits = proposal.plan.module_edits().cloned().peekable();
        if edits.peek().is_none() {
            continue;
        }
        let group = *of_node.entry(&proposal.part.node).or_insert_with(|| {
            groups.push(Group { places: Vec::new(), edits: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(group) {
            group.places.push(at);
            group.edits.extend(edits);
        }
    }
    groups
}

/// An approved part that another one does.
pub(super) struct Joined<'a> {
    pub(super) visit: Visit<'a>,
    pub(super) part: ApprovedPart,
    pub(super) result: CallResult,
}

impl Joined<'_> {
    /// How it ended, once the part that does it has: as that one.
    pub(super) async fn ended_as(self, doer: &CallResult, recorded: &Recorded) -> CallResult {
        match (&doer.error, doer.status) {
            (None, StepStatus::Done) => self.visit.done_elsewhere(self.part, self.result, recorded).await,
            (error, status) => CallResult { status, error: error.clone(), ..self.result },
        }
    }
}

/// Approved parts that wait for the part that does them.
#[derive(Default)]
pub(super) struct Waiting<'a>(Vec<(CallId, Joined<'a>)>);

impl<'a> Waiting<'a> {
    pub(super) fn add(&mut self, doer: CallId, joined: Joined<'a>) {
        self.0.push((doer, joined));
    }

    /// Those that this one does.
    pub(super) fn take(&mut self, doer: CallId) -> Vec<Joined<'a>> {
        let (ready, rest) = std::mem::take(&mut self.0).into_iter().partition(|(of, _)| *of == doer);
        self.0 = rest;
        Self(ready).rest()
    }

    /// All that wait.
    pub(super) fn rest(self) -> Vec<Joined<'a>> {
        self.0.into_iter().map(|(_, joined)| joined).collect()
    }
}
