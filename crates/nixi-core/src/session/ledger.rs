//! A request on its way into the journal.

use std::collections::{BTreeMap, HashMap};

use super::Inner;
use super::approver::Answer;
use super::protocol::{Audience, CallResult, Event};
use crate::call_id::CallId;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{AskedPart, Claim, Entry, RequestId, Verdict};
use crate::plan::{Decision, Refusal, Review, unwritten};

/// Why a request is made.
#[derive(Debug, Default)]
pub(super) struct Cause {
    /// The request that it takes back, if it does.
    pub(super) undoes: Option<RequestId>,
    /// The newest request behind that one which changed the same, and was not taken back.
    pub(super) newer: Option<RequestId>,
    /// What of that cannot be taken back.
    pub(super) stays: Vec<Irreversible>,
    /// The machines that it is about, where it is about those alone: the host key of each node.
    pub(super) machines: BTreeMap<String, String>,
    /// Whether it comes from a journal that is not as it was written.
    pub(super) is_doubtful: bool,
    /// The request that waited, which a person approved by its number.
    pub(super) waited: Option<Waited>,
}

/// A request that waited, in our hands.
#[derive(Debug)]
pub(super) struct Waited {
    pub(super) held: Held,
    /// The digest of the review that it waited with.
    pub(super) review: String,
    /// What its calls are called in the journal, in the order of its parts.
    pub(super) calls: Vec<CallId>,
}

/// A request that is on record, and what its calls are called there: one that waited was asked about by another session, or
/// under other numbers.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) request: RequestId,
    calls: HashMap<CallId, CallId>,
}

impl Recorded {
    /// Its calls are called in the journal what they are called here.
    pub(super) fn here(request: RequestId) -> Self {
        Self { request, calls: HashMap::new() }
    }

    /// A request that waited, whose parts these calls make now.
    pub(super) fn waited(waited: &Waited, calls: impl Iterator<Item = CallId>) -> Self {
        Self { request: waited.held.id, calls: calls.zip(waited.calls.iter().copied()).collect() }
    }

    /// What the journal calls this call.
    pub(super) fn call(&self, call: CallId) -> CallId {
        self.calls.get(&call).copied().unwrap_or(call)
    }
}

/// A change that cannot be taken back.
#[derive(Debug)]
pub(super) struct Irreversible {
    pub(super) action: String,
    pub(super) node: String,
    pub(super) why: String,
}

/// A request that is written down, and nobody else's until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: RequestId,
    _claim: Claim,
}

impl Inner {
    /// Takes a request that is on record.
    pub(super) async fn hold(&self, id: RequestId) -> Result<Held, ErrorReport> {
        match self.parts.journal.claim(id).await {
            Ok(Some(claim)) => Ok(Held { id, _claim: claim }),
            Ok(None) => {
                let why = format!("another Nixi is at request {id} right now");
                Err(ErrorReport::new(ErrorKind::NotStarted, why)
                    .hint("`nixi log` tells how it ended, once it has"))
            }
            Err(why) => Err(unwritten(&why)),
        }
    }
}

/// Writes down what becomes of the changes of a request.
pub(super) struct Ledger<'a> {
    pub(super) inner: &'a Inner,
    pub(super) audience: &'a dyn Audience,
    pub(super) cause: &'a Cause,
}

impl Ledger<'_> {
    /// The changes are about to be asked about, perhaps once more with less in them.
    pub(super) async fn asked(
        &self,
        review: &Review,
        parts: Vec<AskedPart>,
        earlier: Option<RequestId>,
    ) -> Result<Held, ErrorReport> {
        let mut entry = Entry::asked(review, parts);
        if let Entry::Asked { undoes, instead_of, .. } = &mut entry {
            *undoes = self.cause.undoes;
            let waited = self.cause.waited.as_ref().map(|waited| waited.held.id);
            *instead_of = earlier.or(waited);
        }
        let id = self.write(entry).await?;
        self.inner.hold(id).await
    }

    /// It was decided. Only a yes that is on record is one.
    pub(super) async fn decided(&self, request: RequestId, verdict: Verdict) -> Result<(), ErrorReport> {
        let written = self.write(Entry::Decided { request, verdict }).await.map(drop);
        if let (Err(error), false) = (&written, matches!(verdict, Verdict::Agreed(_))) {
            self.audience.hear(Event::Notice(error.to_string()));
        }
        written
    }

    /// It is over.
    pub(super) async fn ended(&self, recorded: &Recorded, results: &[CallResult]) {
        let request = recorded.request;
        let of_it = results.iter().filter(|result| result.request == Some(request));
        let calls = of_it.map(|result| (recorded.call(result.call), result.status)).collect();
        if let Err(error) = self.write(Entry::Ended { request, calls }).await {
            self.audience
                .hear(Event::Notice(format!("the end of request {request} is not written down: {error}")));
        }
    }

    async fn write(&self, entry: Entry) -> Result<RequestId, ErrorReport> {
        self.inner.parts.journal.write(entry).await.map_err(|why| unwritten(&why))
    }
}

/// How an answer is written down. A yes to anything but this review is a no.
pub(super) fn verdict(review: &Review, answer: &Result<Answer, ErrorReport>) -> Verdict {
    match answer {
        Err(_) => Verdict::Interrupted,
        Ok(Answer { decision, consent }) => match decision {
            Decision::Approve(digest) if *digest == review.digest => Verdict::Agreed(*consent),
            Decision::Only(_) => Verdict::Kept,
            Decision::Approve(_) | Decision::Deny(Refusal::Person) => Verdict::Denied,
            Decision::Deny(Refusal::NobodyToAsk) => Verdict::NobodyToAsk,
            Decision::Deny(Refusal::TimedOut) => Verdict::TimedOut,
            Decision::Deny(Refusal::Gone) => Verdict::Gone,
            Decision::Deny(Refusal::Waits) => Verdict::Waiting,
        },
    }
}
