//! What can go wrong while a change runs, on whole machines: the truth is told of it, it runs once, and the next command
//! works. A clock that jumps is not here: machines share the clock of their kernel. The waiting does not look at it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on should fail there and then"
)]

mod end;
mod link;
mod power;
mod rights;
mod trial;

use nixi::core::{CallResult, ErrorKind, StepStatus};

/// How a change ended, the class of its error, and the message with its hint.
fn told(result: &CallResult) -> (StepStatus, ErrorKind, String) {
    let error = result.error.as_ref().unwrap_or_else(|| panic!("{result:?}"));
    (result.status, error.kind, error.to_string())
}

#[track_caller]
fn assert_done(result: &CallResult) {
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    assert_eq!(result.steps[0].output.as_deref(), Some("at work\nfinished"));
}
