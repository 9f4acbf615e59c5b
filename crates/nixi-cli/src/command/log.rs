//! `nixi log`: what was changed through Nixi.

use std::collections::HashSet;
use std::fmt::Write;

use nixi_core::journal::{LoggedPart, Request, State};
use nixi_core::session::Audience;
use nixi_core::text::clean_line;
use nixi_core::{Asker, ErrorReport, StepStatus};
use serde_json::json;

use super::Cx;
use crate::exit::Exit;
use crate::output::live::{Live, Show};
use crate::output::{Format, Paint, Tone, text};

pub(super) async fn run(cx: &Cx, last: usize) -> Result<Exit, ErrorReport> {
    let session = cx.session()?;
    let live = Live::new(&cx.screen, Show::Nothing);
    let audience: &dyn Audience = &live;
    let mut requests = session.asker.log(audience, session.interrupted()).await?;
    if !cx.globals.nodes.is_empty() {
        let nodes = about(&session.asker, super::words(&cx.globals.nodes), &requests)?;
        requests.retain(|request| names(request).any(|name| nodes.contains(name)));
    }
    let older = requests.len().saturating_sub(last);
    show(cx, &requests[older..], "no change is on record");
    if older > 0 {
        cx.screen.note(&format!("{older} older; --last {} shows all", requests.len()));
    }
    Ok(Exit::DONE)
}

/// The nodes of a request, by name.
fn names(request: &Request) -> impl Iterator<Item = &str> {
    request.parts.iter().map(|part| part.asked.node.as_str())
}

/// The nodes that are asked about: whatever is on record by that very name, as one that was removed, and else those that the
/// word chooses.
fn about(asker: &Asker, words: Vec<&str>, requests: &[Request]) -> Result<HashSet<String>, ErrorReport> {
    let mut nodes = HashSet::new();
    for word in words {
        if requests.iter().flat_map(names).any(|name| name == word) {
            nodes.insert(word.to_owned());
        } else {
            let chosen = asker.choose(&[word.to_owned()])?;
            nodes.extend(chosen.iter().map(|node| node.name().to_string()));
        }
    }
    Ok(nodes)
}

pub(super) async fn verify(cx: &Cx) -> Result<Exit, ErrorReport> {
    let found = cx.session()?.asker.verify_log().await?;
    let mut text = match found.problems.len() {
        0 => format!("{} lines, each as it was written", found.lines),
        1 => "1 problem:".to_owned(),
        count => format!("{count} problems:"),
    };
    for problem in found.problems.iter().chain(&found.remarks) {
        let _ = write!(text, "\n  {}", clean_line(problem));
    }
    let exit = cx.done("log.verify", json!({}), json!(found), &text);
    Ok(if found.problems.is_empty() { exit } else { Exit::FAILED })
}

/// Requests, or `none` if there are none.
pub(super) fn show(cx: &Cx, requests: &[Request], none: &str) {
    match (cx.screen.format, requests) {
        (Format::Json, _) => cx.screen.document(&json!({ "requests": requests })),
        (Format::Text, []) => cx.screen.note(none),
        (Format::Text, requests) => {
            let blocks: Vec<String> =
                requests.iter().map(|request| block(request, cx.screen.out())).collect();
            cx.screen.result(&blocks.join("\n\n"));
        }
    }
}

/// What a request comes to, in one line.
pub(super) fn summary(request: &Request) -> String {
    match request.parts.as_slice() {
        [one] => clean_line(&format!("{}: {}", one.asked.node, one.asked.summary)),
        parts => format!("{} changes", parts.len()),
    }
}

/// A request: when, by whom and how it stands, then each change with its steps.
fn block(request: &Request, paint: Paint) -> String {
    let by = request.by.as_deref().unwrap_or("somebody");
    let about = format!("{}  {}  {by}  ", request.id, request.at);
    let mut text = format!("{}{}", paint.of(Tone::Title, &clean_line(&about)), standing(request, paint));
    for (words, other) in [("undoes", request.undoes), ("instead of", request.instead_of)] {
        if let Some(other) = other {
            let _ = write!(text, ", {words} {other}");
        }
    }
    for by in &request.undone_by {
        let _ = write!(text, ", undone by {by}");
    }
    for part in &request.parts {
        let summary = clean_line(&format!("{}: {}", part.asked.node, part.asked.summary));
        let _ = write!(text, "\n  {summary}");
        steps(&mut text, part, request.state, paint);
    }
    for left in &request.left_out {
        let _ = write!(text, "\n  left out: {}", clean_line(left));
    }
    text
}

fn steps(text: &mut String, part: &LoggedPart, state: State, paint: Paint) {
    for (step, progress) in part.asked.steps.iter().zip(&part.progress) {
        let status = match (progress.status, progress.begun) {
            (Some(status), _) => text::status(status, paint),
            (None, true) => paint.of(Tone::Warn, "may have run"),
            (None, false) if state == State::Ended || state == State::Begun => "not begun".to_owned(),
            (None, false) => String::new(),
        };
        let gap = if status.is_empty() { "" } else { "  " };
        let _ = write!(text, "\n    {}{gap}{status}", clean_line(step));
        if let Some(error) = &progress.error {
            let _ = write!(text, "\n      {}", clean_line(error));
        }
    }
}

/// Where it stands, in a word or two.
fn standing(request: &Request, paint: Paint) -> String {
    let worst =
        request.parts.iter().filter_map(|part| part.status).find(|status| *status != StepStatus::Done);
    match request.state {
        State::Asked => paint.of(Tone::Faint, "not answered"),
        State::Waiting => paint.of(Tone::Warn, &format!("waits: `nixi approve {}` runs it", request.id)),
        State::Declined => paint.of(Tone::Faint, "not approved"),
        State::Replaced => paint.of(Tone::Faint, "asked about anew"),
        State::Begun => paint.of(Tone::Warn, "not over"),
        State::Ended if !request.has_begun() => paint.of(Tone::Faint, "nothing was run"),
        State::Ended => text::status(worst.unwrap_or(StepStatus::Done), paint),
    }
}
