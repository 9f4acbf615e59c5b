//! The journal as a person reads it, and what a crash left open in it.

use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;

use super::Inner;
use super::asker::Asker;
use super::protocol::{Audience, Event};
use super::roster::Roster;
use crate::call_id::CallId;
use crate::command::ChangeId;
use crate::context::Reader;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Fingerprint;
use crate::journal::{Entry, LoggedPart, Request, RequestId, State, Verdict, Verified, history};
use crate::plan::{Afterwards, StepStatus, afterwards};
use crate::text;

/// What became of a step is not on record anywhere.
const NO_RECORD: &str = "Nixi was ended while it ran, and the node keeps no record of such a step";

impl Asker {
    /// All requests, the oldest first. What a crash left open is looked up on its node and written down.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn log(
        &self,
        audience: &dyn Audience,
        cancel: &CancellationToken,
    ) -> Result<Vec<Request>, ErrorReport> {
        let inner = self.inner();
        inner.told_of_cut_off.store(true, Ordering::Relaxed);
        let requests = inner.requests().await?;
        inner.tell_of_damage(audience).await;
        let mut changed = false;
        for request in requests.iter().filter(|request| request.state == State::Begun) {
            changed |= Completion { inner, audience, cancel }.complete(request).await;
        }
        if changed { inner.requests().await } else { Ok(requests) }
    }

    /// Checks that no line of the journal was changed, removed or moved since it was written.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn verify_log(&self) -> Result<Verified, ErrorReport> {
        let verified = self.inner().parts.journal.verify().await;
        verified.map_err(|why| ErrorReport::new(ErrorKind::Journal, why))
    }
}

impl Inner {
    /// Says so where the journal is not as it was written, and whether it is not: what is missing in it or wrong is told in no
    /// other way.
    pub(super) async fn tell_of_damage(&self, audience: &dyn Audience) -> bool {
        // Who cannot read it will not read a request out of it either.
        let Ok(Verified { problems, .. }) = self.parts.journal.verify().await else { return true };
        let what = match problems.as_slice() {
            [] => return false,
            [one] => one.clone(),
            [first, more @ ..] => format!("{first}, and {} more", more.len()),
        };
        audience.hear(Event::Notice(text::clean_line(&format!(
            "the journal is not as it was written, so it may not tell all: {what}; `nixi log verify` lists it"
        ))));
        true
    }

    /// Names what a crash left open, once in a session.
    pub(super) async fn tell_of_cut_off(&self, audience: &dyn Audience) {
        if self.told_of_cut_off.swap(true, Ordering::Relaxed) {
            return;
        }
        let cut_off = self.parts.journal.cut_off().await;
        if cut_off.is_empty() {
            return;
        }
        let requests = match self.parts.journal.read().await {
            Ok(lines) => history(lines),
            Err(why) => return audience.hear(Event::Notice(why)),
        };
        for request in requests.iter().filter(|request| cut_off.contains(&request.id)) {
            self.let_go(request).await;
            for (part, _, step) in request.open_steps() {
                audience.hear(Event::Notice(text::clean_line(&format!(
                    "Nixi was ended in the middle of request {}: `{step}` may have run on {}; `nixi log` finds out",
                    request.id, part.asked.node
                ))));
            }
        }
    }
}

impl Inner {
    /// Of a request of which nothing can have run, nothing has to be found out.
    async fn let_go(&self, request: &Request) {
        let journal = &self.parts.journal;
        if request.state == State::Begun {
            return;
        }
        if let Ok(Some(_claim)) = journal.claim(request.id).await
            && request.state == State::Asked
        {
            let (request, verdict) = (request.id, Verdict::Interrupted);
            // If that cannot be written, it stays unanswered.
            let _ = journal.write(Entry::Decided { request, verdict }).await;
        }
    }
}

/// Finds out what became of a request that was cut off.
struct Completion<'a> {
    inner: &'a Inner,
    audience: &'a dyn Audience,
    cancel: &'a CancellationToken,
}

impl Completion<'_> {
    /// Whether something more is on record now.
    async fn complete(&self, request: &Request) -> bool {
        let journal = &self.inner.parts.journal;
        // Somebody is still at it.
        let Ok(Some(_claim)) = journal.claim(request.id).await else { return false };
        // It may have ended since it was read.
        let fresh = self.inner.requests().await.unwrap_or_default();
        let Some(request) = fresh.iter().find(|fresh| fresh.id == request.id && fresh.state == State::Begun)
        else {
            return true;
        };
        let mut parts = Vec::with_capacity(request.parts.len());
        let mut is_open = false;
        for part in &request.parts {
            let mut part = part.clone();
            for at in 0..part.progress.len() {
                let found = match part.progress.get(at) {
                    Some(step) if step.is_open() => self.found(request.id, &part, at).await,
                    Some(_) | None => continue,
                };
                let Some((status, error)) = found else {
                    is_open = true;
                    continue;
                };
                let (request, call, step) = (request.id, part.asked.call, at);
                let ended = Entry::StepEnded { request, call, step, status, error: error.clone() };
                if let Err(why) = journal.write(ended).await {
                    self.notice(&why);
                    return true;
                }
                if let Some(step) = part.progress.get_mut(at) {
                    (step.status, step.error) = (Some(status), error);
                }
            }
            parts.push(part);
        }
        if !is_open {
            let calls: Vec<(CallId, StepStatus)> =
                parts.iter().map(|part| (part.asked.call, end_of(part))).collect();
            if let Err(why) = journal.write(Entry::Ended { request: request.id, calls }).await {
                self.notice(&why);
            }
        }
        true
    }

    /// How a step ended, as far as its node tells; `None` if it is to be asked again later.
    async fn found(
        &self,
        request: RequestId,
        part: &LoggedPart,
        at: usize,
    ) -> Option<(StepStatus, Option<String>)> {
        let record = part.progress.get(at).and_then(|step| step.record.as_deref()).and_then(ChangeId::parse);
        let Some(record) = record else { return Some((StepStatus::Unknown, Some(NO_RECORD.to_owned()))) };
        let step = part.asked.steps.get(at).map_or("", String::as_str);
        match self.look_up(&record, part).await {
            Ok(Afterwards::Ended(status, error)) => Some((status, error)),
            Ok(Afterwards::RunsOn) => {
                self.notice(&format!(
                    "request {request}: `{step}` still runs on {} as {}",
                    part.asked.node,
                    record.unit()
                ));
                None
            }
            Err(error) => {
                self.notice(&format!(
                    "request {request}: {} does not tell what became of `{step}`: {}",
                    part.asked.node, error.message
                ));
                None
            }
        }
    }

    async fn look_up(&self, record: &ChangeId, part: &LoggedPart) -> Result<Afterwards, ErrorReport> {
        let roster: Roster = self.inner.roster()?;
        let gone = || {
            let message = format!("the configuration has no node {} any more", part.asked.node);
            ErrorReport::new(ErrorKind::UnknownNode, message)
        };
        let node = roster.named(&part.asked.node).ok_or_else(gone)?;
        let host_key: Option<Fingerprint> = part.asked.host_key.as_ref().and_then(|key| key.parse().ok());
        let executor = self.inner.executor(&node);
        let settings = roster.settings();
        let reader = Reader { node: &node, executor, settings, cancel: self.cancel };
        afterwards(record, &reader, host_key.as_ref()).await.map_err(|error| error.report())
    }

    fn notice(&self, words: &str) {
        self.audience.hear(Event::Notice(crate::text::clean(words)));
    }
}

/// How a call ended whose steps are all told of. One that did not come to its last step is not done.
fn end_of(part: &LoggedPart) -> StepStatus {
    let ends: Vec<Option<StepStatus>> = part.progress.iter().map(|step| step.status).collect();
    if ends.iter().all(|end| *end == Some(StepStatus::Done)) {
        return StepStatus::Done;
    }
    if ends.contains(&Some(StepStatus::Unknown)) {
        return StepStatus::Unknown;
    }
    if part.progress.iter().all(|step| !step.begun) { StepStatus::NotStarted } else { StepStatus::Failed }
}
