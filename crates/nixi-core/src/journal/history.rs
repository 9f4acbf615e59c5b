//! What the lines of the journal come to, request by request.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{AskedPart, Consent, Entry, Line, RequestId, Verdict};
use crate::call::CallRequest;
use crate::call_id::CallId;
use crate::plan::{Origin, Risk, StepStatus};

/// A request, as the journal tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// When it was asked about, as RFC 3339 has it.
    pub at: String,
    /// The user who ran Nixi.
    pub by: Option<String>,
    /// Who asked for it.
    pub origin: Origin,
    /// How much the worst of its parts can hurt.
    pub risk: Risk,
    /// The digest of its review.
    pub review: String,
    /// Where it stands.
    pub state: State,
    /// How a person said yes, if one did.
    pub consent: Option<Consent>,
    /// Its changes, in order.
    pub parts: Vec<LoggedPart>,
    /// What was asked for too and could not be done, a line each.
    pub left_out: Vec<String>,
    /// The request that it takes back.
    pub undoes: Option<RequestId>,
    /// The request that it stands for, planned anew.
    pub instead_of: Option<RequestId>,
    /// The requests that took it back, and were not taken back themselves.
    pub undone_by: Vec<RequestId>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was asked about, and no answer is on record.
    Asked,
    /// It waits for a person.
    Waiting,
    /// It was not approved: nothing of it was run.
    Declined,
    /// Another request stands for it: nothing of this one was run.
    Replaced,
    /// It was approved and is not over.
    Begun,
    /// It is over.
    Ended,
}

/// One change of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedPart {
    /// What was asked about.
    #[serde(flatten)]
    pub asked: AskedPart,
    /// How it ended, if it did.
    pub status: Option<StepStatus>,
    /// What became of each step, in order; those that never began have no status.
    pub progress: Vec<LoggedStep>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LoggedStep {
    /// Whether it began: from then on, something of it may have run.
    pub begun: bool,
    /// How it ended, if that is on record.
    pub status: Option<StepStatus>,
    /// What went wrong.
    pub error: Option<String>,
    /// The number of the node's own record of it.
    pub record: Option<String>,
}

impl LoggedStep {
    /// Whether it may have run, and nobody knows how it ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.begun && self.status.is_none()
    }
}

impl Request {
    /// The calls, to be planned again: those that were one call on several nodes are one again.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRequest> {
        joined(self.parts.iter().map(|part| part.asked.request()))
    }

    /// Its steps that may have run and whose end is not on record: the call, the step counted from 0, and how it was
    /// shown.
    pub fn open_steps(&self) -> impl Iterator<Item = (&LoggedPart, usize, &str)> {
        self.parts.iter().flat_map(|part| {
            let shown = |at: usize| part.asked.steps.get(at).map_or("", String::as_str);
            let open = part.progress.iter().enumerate().filter(|(_, step)| step.is_open());
            open.map(move |(at, _)| (part, at, shown(at)))
        })
    }

    /// Whether something of it may have run.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.parts.iter().any(|part| part.progress.iter().any(|step| step.begun))
    }

    /// Whether all of it was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.has_begun() && self.parts.iter().all(|part| part.status == Some(StepStatus::Done))
    }

    fn part(&mut self, call: CallId) -> Option<&mut LoggedPart> {
        self.parts.iter_mut().find(|part| part.asked.call == call)
    }

    fn step(&mut self, call: CallId, step: usize) -> Option<&mut LoggedStep> {
        self.part(call)?.progress.get_mut(step)
    }
}

/// Calls in their order, where the same call follows itself on another node as one.
pub(crate) fn joined(calls: impl Iterator<Item = CallRequest>) -> Vec<CallRequest> {
    let mut joined: Vec<CallRequest> = Vec::new();
    for call in calls {
        match joined.last_mut() {
            Some(last)
                if (&last.action, &last.args) == (&call.action, &call.args)
                    && !last.nodes.is_empty()
                    && !call.nodes.is_empty() =>
            {
                last.nodes.extend(call.nodes);
            }
            Some(_) | None => joined.push(call),
        }
    }
    joined
}

/// What the lines come to, the oldest request first. A line about a request that is not there tells nothing.
#[must_use]
pub fn history(lines: Vec<Line>) -> Vec<Request> {
    let mut requests: BTreeMap<RequestId, Request> = BTreeMap::new();
    for Line { number, at, by, entry } in lines {
        match entry {
            Entry::Asked { origin, risk, review, parts, left_out, undoes, instead_of } => {
                let logged = |asked: AskedPart| {
                    let progress = vec![LoggedStep::default(); asked.steps.len()];
                    LoggedPart { asked, status: None, progress }
                };
                let parts = parts.into_iter().map(logged).collect();
                let (state, consent, undone_by) = (State::Asked, None, Vec::new());
                let id = number;
                let request = Request {
                    id,
                    at,
                    by,
                    origin,
                    risk,
                    review,
                    state,
                    consent,
                    parts,
                    left_out,
                    undoes,
                    instead_of,
                    undone_by,
                };
                requests.insert(number, request);
            }
            Entry::Decided { request, verdict } => {
                // What was approved once is not taken back by a later line.
                let open = |request: &&mut Request| matches!(request.state, State::Asked | State::Waiting);
                if let Some(request) = requests.get_mut(&request).filter(open) {
                    (request.state, request.consent) = state_after(verdict);
                }
            }
            Entry::StepBegun { request, call, step, record } => {
                let Some(found) = requests.get_mut(&request) else { continue };
                let Some(step) = found.step(call, step) else { continue };
                (step.begun, step.record) = (true, record);
                // Whatever was written before: no step begins without a yes.
                if found.state != State::Ended {
                    found.state = State::Begun;
                }
            }
            Entry::StepEnded { request, call, step, status, error } => {
                if let Some(step) = requests.get_mut(&request).and_then(|found| found.step(call, step)) {
                    (step.status, step.error) = (Some(status), error);
                }
            }
            Entry::Ended { request, calls } => {
                if let Some(request) = requests.get_mut(&request) {
                    request.state = State::Ended;
                    for (call, status) in calls {
                        if let Some(part) = request.part(call) {
                            part.status = Some(status);
                        }
                    }
                }
            }
        }
    }
    // From the newest on: what was taken back itself takes nothing back.
    let ids: Vec<RequestId> = requests.keys().rev().copied().collect();
    for by in ids {
        let undone = requests.get(&by).filter(|request| request.is_done() && request.undone_by.is_empty());
        let undone = undone.and_then(|request| request.undoes);
        if let Some(request) = undone.and_then(|undone| requests.get_mut(&undone)) {
            request.undone_by.insert(0, by);
        }
    }
    requests.into_values().collect()
}

fn state_after(verdict: Verdict) -> (State, Option<Consent>) {
    match verdict {
        Verdict::Agreed(consent) => (State::Begun, Some(consent)),
        Verdict::Waiting => (State::Waiting, None),
        Verdict::Kept | Verdict::Replaced => (State::Replaced, None),
        Verdict::Denied | Verdict::NobodyToAsk | Verdict::TimedOut | Verdict::Gone | Verdict::Interrupted => {
            (State::Declined, None)
        }
    }
}
