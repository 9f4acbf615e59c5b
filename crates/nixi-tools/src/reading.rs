//! From a read to a typed value.

use nixi_core::text::{clean_line, fit};
use nixi_core::{Command, InspectCx, Output, Read, ReadAnswer, ToolError};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Runs a read that has to succeed, and parses what it printed.
pub(crate) async fn parsed<T>(
    cx: &InspectCx<'_>,
    command: Command<Read>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, ToolError> {
    let [answer] = cx.gather([command]).await;
    parsed_of(answer, parse)
}

/// Parses what a read printed that has to succeed.
pub(crate) fn parsed_of<T>(
    answer: ReadAnswer,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, ToolError> {
    let shown = answer.command().to_string();
    parse(&answer.stdout()?).map_err(|why| unreadable(&shown, &why))
}

/// The error of output that is not in the form which was expected.
pub(crate) fn unreadable(command: &str, why: &str) -> ToolError {
    ToolError::Unreadable { command: command.to_owned(), why: fit(&clean_line(why), 200) }
}

/// Runs a read to its end; an output that was cut is an error, a failure is not.
pub(crate) async fn run_whole(cx: &InspectCx<'_>, command: Command<Read>) -> Result<Output, ToolError> {
    let [answer] = cx.gather([command]).await;
    whole_of(answer)
}

/// The output of a read that ran to its end; one that was cut is an error, a failure is not.
pub(crate) fn whole_of(answer: ReadAnswer) -> Result<Output, ToolError> {
    let shown = answer.command().to_string();
    let output = answer.output()?;
    if output.truncated {
        return Err(unreadable(&shown, "it is longer than Nixi keeps; ask for less"));
    }
    Ok(output)
}

/// Reads JSON. The message never quotes the text: what is in it may be a secret.
pub(crate) fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let what = match message.split_once(" at line ") {
            Some((what, _)) if what.starts_with("missing field") => what,
            _ => "it is not the JSON that was expected",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })
}

/// A number in JSON that programs also write as text, as a fraction, or so large or small that no machine has it. What
/// cannot be read is `None`: a number that is only shown is no reason to lose what it stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<i64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(raw.trim_matches('"').trim().parse().ok()))
    }
}
