//! Reads of a bare name: what of several meanings was found on a node, and how a person says which is meant.

use serde_json::Value;

use super::choice::is_missing;
use super::protocol::CallResult;
use crate::call::CallRequest;
use crate::call_id::CallId;
use crate::error::ErrorReport;
use crate::plan::StepStatus;

/// A read of several names that leaves its meaning open, as one call for each name: one may be a container and the next
/// a unit.
pub(super) fn one_name_each(call: CallRequest) -> Vec<CallRequest> {
    let names = match call.args.get("names") {
        Some(Value::Array(names)) if names.len() > 1 && is_open_read(&call) => names.clone(),
        _ => return vec![call],
    };
    let only = |name: Value| {
        let mut one = call.clone();
        one.args.insert("names".to_owned(), Value::Array(vec![name]));
        one
    };
    names.into_iter().map(only).collect()
}

/// Changes stay whole, for they are asked about together.
fn is_open_read(call: &CallRequest) -> bool {
    !call.or.is_empty() && [".status", ".logs", ".inspect"].iter().any(|read| call.action.ends_with(read))
}

/// What the reads of all meanings found on a node.
pub(super) enum Found {
    /// One of them counts. It says which meaning it is of.
    One(Box<CallResult>),
    /// Several found something; all results, in the order of the meanings.
    Several(Vec<CallResult>),
}

/// Whether a read found what it was asked about.
pub(super) fn fits(result: &CallResult) -> bool {
    result.status == StepStatus::Done
}

/// What was found of all meanings on a node.
pub(super) fn found_on(results: &[&CallResult]) -> Found {
    let mut fitting = results.iter().filter(|result| fits(result));
    match (fitting.next(), fitting.next()) {
        (None, _) => Found::One(Box::new(not_found(results))),
        (Some(found), None) => {
            let mut found = CallResult::clone(found);
            let others = results.iter().filter(|result| result.tool != found.tool);
            let mut remarks: Vec<String> = others.map(|other| remark(other)).collect();
            remarks.insert(0, format!("{} is a {}", name(&found.args), noun(&found.tool)));
            found.text = found.text.map(|text| format!("{}\n{text}", remarks.join(", ")));
            Found::One(Box::new(found))
        }
        (Some(_), Some(_)) => Found::Several(results.iter().copied().cloned().collect()),
    }
}

/// What is in the way comes before what is missing: it may be there all the same.
fn not_found(results: &[&CallResult]) -> CallResult {
    let is_missing = |result: &CallResult| result.error.as_ref().is_some_and(is_missing);
    let unclear = results.iter().find(|result| !is_missing(result));
    let mut chosen = match unclear.or(results.first()) {
        Some(chosen) => CallResult::clone(chosen),
        None => return CallResult::new(CallId::default(), "", "", Value::Null),
    };
    if let Some(error) = &chosen.error {
        let others = results.iter().filter(|result| result.tool != chosen.tool && is_missing(result));
        let said: Vec<String> =
            others.filter_map(|other| other.error.as_ref()).map(|error| error.message.clone()).collect();
        let message = std::iter::once(error.message.clone()).chain(said).collect::<Vec<_>>().join("; ");
        chosen.error = Some(ErrorReport::new(error.kind, message).maybe_hint(error.hint.clone()));
    }
    chosen
}

/// What is known of the meaning that was not it.
fn remark(other: &CallResult) -> String {
    match &other.error {
        Some(error) if !is_missing(error) => {
            format!("and whether it is a {} too is not known ({})", noun(&other.tool), error.message)
        }
        Some(_) | None => format!("and no {}", noun(&other.tool)),
    }
}

/// What a tool is about, in a word.
pub(super) fn noun(tool: &str) -> &str {
    match tool.split_once('.') {
        Some(("service", _)) => "unit",
        Some((noun, _)) => noun,
        None => tool,
    }
}

/// What was asked about.
pub(super) fn name(args: &Value) -> String {
    let named = |key: &str| match args.get(key) {
        Some(Value::String(name)) => Some(name.clone()),
        Some(Value::Array(names)) => {
            Some(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        Some(_) | None => None,
    };
    named("name").or_else(|| named("names")).unwrap_or_else(|| "it".to_owned())
}
