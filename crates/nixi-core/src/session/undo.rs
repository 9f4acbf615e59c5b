//! Taking back what a request did.

use super::Inner;
use super::ledger::{Cause, Irreversible};
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{LoggedPart, Request, RequestId, Undoing, joined};
use crate::plan::StepStatus;

/// What takes a request back, and what of it stays.
pub(super) struct TakingBack {
    pub(super) cause: Cause,
    pub(super) calls: Vec<CallRequest>,
}

/// Looks up how the request is taken back; the newest of which something was done and that no other one took back,
/// unless one is named.
pub(super) async fn taking_back(inner: &Inner, wanted: Option<RequestId>) -> Result<TakingBack, ErrorReport> {
    let requests = inner.requests().await?;
    let request = match wanted {
        Some(id) => requests.iter().find(|request| request.id == id).ok_or_else(|| no_such(id))?,
        None => requests.iter().rev().find(|request| can_be_next(request)).ok_or_else(nothing_done)?,
    };
    if !request.has_begun() {
        let why = format!("nothing of request {} was run, so there is nothing to undo", request.id);
        return Err(ErrorReport::new(ErrorKind::CannotUndo, why).hint(LOOK));
    }
    let (mut calls, mut stays) = (Vec::new(), Vec::new());
    // What was done last is taken back first.
    for part in request.parts.iter().rev() {
        match way_back(part) {
            Ok(back) => calls.extend(back.iter().cloned()),
            Err(why) => stays.push(Irreversible {
                action: part.asked.action.clone(),
                node: part.asked.node.clone(),
                why,
            }),
        }
    }
    if calls.is_empty() {
        let why: Vec<String> = stays
            .iter()
            .map(|Irreversible { action, node, why }| format!("{action} on {node}: {why}"))
            .collect();
        let message = match why.is_empty() {
            true => format!("request {} had nothing to do, so there is nothing to undo", request.id),
            false => format!("request {} cannot be undone: {}", request.id, why.join("; ")),
        };
        return Err(ErrorReport::new(ErrorKind::CannotUndo, message));
    }
    Ok(TakingBack {
        cause: Cause { undoes: Some(request.id), stays, waited: None },
        calls: joined(calls.into_iter()),
    })
}

/// Whether `nixi undo` without a number means it: taking back goes on backwards, and does not turn around.
fn can_be_next(request: &Request) -> bool {
    request.has_begun() && request.undoes.is_none() && request.undone_by.is_empty()
}

/// The calls that take a change back, or why there are none.
fn way_back(part: &LoggedPart) -> Result<&[CallRequest], String> {
    if part.progress.iter().all(|step| !step.begun) {
        return Ok(&[]);
    }
    match (part.status, &part.asked.undo) {
        (Some(StepStatus::Done), Undoing::Calls(calls)) => Ok(calls),
        (Some(StepStatus::Done), Undoing::Cannot(why)) => Err(why.clone()),
        (Some(status), _) => Err(format!("it did not end as done but as {}", status.as_str())),
        (None, _) => Err("how it ended is not known".to_owned()),
    }
}

const LOOK: &str = "`nixi log` shows what was done";

pub(super) fn no_such(id: RequestId) -> ErrorReport {
    ErrorReport::new(ErrorKind::NotFound, format!("there is no request {id} in the journal")).hint(LOOK)
}

fn nothing_done() -> ErrorReport {
    ErrorReport::new(ErrorKind::NotFound, "the journal holds no change that could be undone").hint(LOOK)
}
