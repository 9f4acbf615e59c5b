//! Requests that wait for a person.

use super::Inner;
use super::asker::Asker;
use super::ledger::{Cause, Waited};
use super::protocol::Audience;
use super::undo::{no_such, taking_back};
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{Entry, Request, RequestId, State, Verdict};
use crate::plan::{Origin, unwritten};

/// A request that waits, to be planned again.
pub(super) struct Waiting {
    pub(super) origin: Origin,
    pub(super) cause: Cause,
    pub(super) calls: Vec<CallRequest>,
}

impl Inner {
    /// The request, if it waits.
    pub(super) async fn waiting(&self, id: RequestId) -> Result<Waiting, ErrorReport> {
        // First it is ours: somebody else may be about to decide it.
        let held = self.hold(id).await?;
        let requests = self.requests().await?;
        let cause = match &find(&requests, id)?.undoes {
            Some(undone) => {
                // Without it nobody knows which machines it was about.
                let undone =
                    requests.iter().find(|request| request.id == *undone).ok_or_else(|| no_such(*undone))?;
                Some(taking_back(undone))
            }
            None => None,
        };
        let request = find(&requests, id)?;
        let (origin, calls) = (request.origin, request.calls());
        let numbers = request.parts.iter().map(|part| part.asked.call).collect();
        let waited = Some(Waited { held, review: request.review.clone(), calls: numbers });
        Ok(Waiting { origin, cause: Cause { waited, ..cause.unwrap_or_default().0 }, calls })
    }
}

impl Asker {
    /// The requests that wait for a person, the oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn waiting(&self, audience: &dyn Audience) -> Result<Vec<Request>, ErrorReport> {
        let mut requests = self.inner().requests().await?;
        self.inner().tell_of_damage(audience).await;
        requests.retain(|request| request.state == State::Waiting);
        Ok(requests)
    }

    /// Drops a request that waits: nobody can approve it any more.
    ///
    /// # Errors
    /// When it does not wait, or the journal cannot be written.
    pub async fn deny(&self, id: RequestId) -> Result<Request, ErrorReport> {
        let journal = &self.inner().parts.journal;
        let _held = self.inner().hold(id).await?;
        let request = find(&self.inner().requests().await?, id)?.clone();
        let denied = Entry::Decided { request: id, verdict: Verdict::Denied };
        journal.write(denied).await.map_err(|why| unwritten(&why))?;
        Ok(Request { state: State::Declined, ..request })
    }
}

fn find(requests: &[Request], id: RequestId) -> Result<&Request, ErrorReport> {
    let request = requests.iter().find(|request| request.id == id).ok_or_else(|| no_such(id))?;
    let how = match request.state {
        State::Waiting => return Ok(request),
        State::Asked => "was asked about and never answered",
        State::Declined => "was not approved",
        State::Replaced => "was asked about anew, under another number",
        State::Begun | State::Ended => "was approved before",
    };
    let error = ErrorReport::new(ErrorKind::NotFound, format!("request {id} does not wait: it {how}"));
    Err(error.hint("`nixi approve` lists the requests that wait"))
}
