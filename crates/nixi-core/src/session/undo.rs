//! Taking back what a request did.

use super::ledger::{Cause, Irreversible};
use super::roster::Roster;
use super::{Inner, Work};
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{LoggedPart, Request, RequestId, Undoing, joined};
use crate::plan::StepStatus;

/// Looks up what takes the request back: the newest that nothing took back yet, unless one is named.
pub(super) async fn undo(
    inner: &Inner,
    wanted: Option<RequestId>,
) -> Result<(Cause, Vec<CallRequest>), ErrorReport> {
    let requests = inner.requests().await?;
    let request = match wanted {
        Some(id) => requests.iter().find(|request| request.id == id).ok_or_else(|| no_such(id))?,
        None => requests.iter().rev().find(|request| can_be_next(request)).ok_or_else(nothing_done)?,
    };
    if let (true, Some(by)) = (wanted.is_some(), request.undone_by.last()) {
        let why = format!("request {} is already undone, by request {by}", request.id);
        return Err(
            ErrorReport::new(ErrorKind::CannotUndo, why).hint(format!("`nixi undo {by}` undoes that"))
        );
    }
    if !request.has_begun() {
        let why = format!("nothing of request {} was run, so there is nothing to undo", request.id);
        return Err(ErrorReport::new(ErrorKind::CannotUndo, why).hint(LOOK));
    }
    let (mut cause, mut calls) = taking_back(request);
    let is_behind =
        |other: &&Request| other.id > request.id && can_be_next(other) && has_same(other, request);
    cause.newer = requests.iter().rev().find(is_behind).map(|newer| newer.id);
    let roster = inner.roster_for(Work::OnTheList)?;
    calls.retain(|call| {
        let gone = missing(call, &roster);
        cause.stays.extend(gone.map(|node| Irreversible {
            action: call.action.clone(),
            node: node.clone(),
            why: "the configuration has no such node any more".to_owned(),
        }));
        gone.is_none()
    });
    if calls.is_empty() {
        let why: Vec<String> = cause
            .stays
            .iter()
            .map(|Irreversible { action, node, why }| format!("{action} on {node}: {why}"))
            .collect();
        let message = match why.is_empty() {
            true => format!("request {} had nothing to do, so there is nothing to undo", request.id),
            false => format!("request {} cannot be undone: {}", request.id, why.join("; ")),
        };
        let error = ErrorReport::new(ErrorKind::CannotUndo, message);
        return Err(error.hint(way_past(&requests, request, &roster)));
    }
    Ok((cause, joined(calls.into_iter())))
}

/// The calls that take a request back, what was done last first, on the machines that it was done on; and what of it
/// stays.
pub(super) fn taking_back(request: &Request) -> (Cause, Vec<CallRequest>) {
    let mut cause = Cause { undoes: Some(request.id), ..Cause::default() };
    let mut calls = Vec::new();
    for part in request.parts.iter().rev() {
        let asked = &part.asked;
        match way_back(part) {
            Ok(back) => calls.extend(back.iter().cloned()),
            Err(why) => {
                let (action, node) = (asked.action.clone(), asked.node.clone());
                cause.stays.push(Irreversible { action, node, why });
            }
        }
        cause.machines.extend(asked.host_key.clone().map(|key| (asked.node.clone(), key)));
    }
    (cause, calls)
}

/// The node of a call that the configuration does not have any more.
fn missing<'c>(call: &'c CallRequest, roster: &Roster) -> Option<&'c String> {
    call.nodes.iter().find(|node| roster.named(node).is_none())
}

/// Where to go on if a request cannot be taken back: at the newest before it that can, else by hand.
fn way_past(requests: &[Request], request: &Request, roster: &Roster) -> String {
    let can_be = |other: &&Request| {
        let calls = taking_back(other).1;
        can_be_next(other) && calls.iter().any(|call| missing(call, roster).is_none())
    };
    match requests.iter().rev().filter(|other| other.id < request.id).find(can_be) {
        Some(before) => format!("`nixi undo {}` takes back the one before it", before.id),
        None => {
            let mut nodes: Vec<&str> = Vec::new();
            for part in &request.parts {
                if !nodes.contains(&part.asked.node.as_str()) {
                    nodes.push(&part.asked.node);
                }
            }
            format!(
                "no request before it can be undone either: look at {}, and set it right by new calls \
                 (`nixi call container.remove` removes a container)",
                nodes.join(", ")
            )
        }
    }
}

/// Whether two requests changed the same thing: by the name or the path that they gave to the same tool on the same node.
fn has_same(one: &Request, other: &Request) -> bool {
    let is_same = |one: &LoggedPart, other: &LoggedPart| {
        let (one, other) = (&one.asked, &other.asked);
        let tool = |action: &str| action.split('.').next().map(str::to_owned);
        one.node == other.node
            && tool(&one.action) == tool(&other.action)
            && ["name", "path"].iter().any(|key| {
                let value = one.args.get(key);
                value.is_some() && value == other.args.get(key)
            })
    };
    one.parts.iter().any(|part| other.parts.iter().any(|before| is_same(part, before)))
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
        (Some(status), _) => Err(format!("it ended as {}", status.as_str())),
        (None, _) => Err("how it ended is not known".to_owned()),
    }
}

const LOOK: &str = "`nixi log` lists requests and their numbers";

pub(super) fn no_such(id: RequestId) -> ErrorReport {
    ErrorReport::new(ErrorKind::NotFound, format!("there is no request {id} in the journal")).hint(LOOK)
}

fn nothing_done() -> ErrorReport {
    ErrorReport::new(ErrorKind::NotFound, "there is nothing to undo").hint(LOOK)
}
