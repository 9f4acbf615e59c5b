//! The documents of `--json`.

use nixi_core::fleet::NodeRow;
use nixi_core::session::CallResult;
use nixi_core::{CallId, ErrorKind, ErrorReport, Outcome, StepStatus};
use serde_json::{Value, json};

/// The envelope: `{"results":[…],"answer":…,"error":…}`.
pub(crate) fn outcome(outcome: &Outcome) -> Value {
    serde_json::to_value(outcome).unwrap_or_else(|fault| {
        error(&ErrorReport::new(ErrorKind::Internal, format!("cannot write the results as JSON: {fault}")))
    })
}

/// The envelope of an error that came before any result.
pub(crate) fn error(error: &ErrorReport) -> Value {
    json!({ "results": [], "answer": null, "error": error })
}

/// The envelope of a command that asks no node.
pub(crate) fn done(command: &str, args: Value, data: Value, text: &str) -> Value {
    outcome(&Outcome {
        results: vec![CallResult {
            status: StepStatus::Done,
            data: Some(data),
            text: Some(text.to_owned()),
            ..CallResult::new(CallId::new(1), command, "local", args)
        }],
        answer: None,
        error: None,
    })
}

/// The document of `nixi nodes`: `{"nodes":[…]}`; a table that could not be made is the envelope of its error.
pub(crate) fn nodes(rows: &[NodeRow]) -> Value {
    json!({ "nodes": rows })
}
