//! Where a path really is on a node, and whether file actions may go there.

use nixi_core::catalog::file;
use nixi_core::command::{FilePath, Program};
use nixi_core::{Command, ErrorKind, ErrorReport, InspectCx, Output, Read, ReadAnswer, ToolError, said};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, facts};
use crate::reading::{unreadable, whole_of};

/// Parameters of the actions that take a path.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileArgs {
    /// Below /srv or a root
    #[schemars(with = "String")]
    pub path: FilePath,
}

/// Something that is there.
pub(super) struct There {
    /// Its path without links.
    pub(super) real: FilePath,
    pub(super) facts: Facts,
}

/// What a path leads to; `None` if there is nothing. It may lie anywhere.
pub(super) async fn there(cx: &InspectCx<'_>, path: &FilePath) -> Result<Option<There>, ToolError> {
    let [real, facts] = cx.gather([file::real(path), file::facts(path)]).await;
    there_told(cx, path, real, facts)
}

/// The same from the answers of [`file::real`] and [`file::facts`].
pub(super) fn there_told(
    cx: &InspectCx<'_>,
    path: &FilePath,
    real: ReadAnswer,
    told: ReadAnswer,
) -> Result<Option<There>, ToolError> {
    let (shown, program) = (told.command().to_string(), told.command().program());
    let (Some(real), output) = (real_told(cx, path, real)?, whole_of(told)?) else { return Ok(None) };
    if !output.exit.is_success() {
        return Err(failed(cx, path, &shown, program, &output));
    }
    let facts = facts(&String::from_utf8_lossy(&output.stdout)).map_err(|why| unreadable(&shown, &why))?;
    Ok(Some(There { real, facts }))
}

/// The path that realpath(1) prints; `None` if there is nothing.
pub(crate) fn real_told(
    cx: &InspectCx<'_>,
    path: &FilePath,
    answer: ReadAnswer,
) -> Result<Option<FilePath>, ToolError> {
    let (shown, program) = (answer.command().to_string(), answer.command().program());
    let output = whole_of(answer)?;
    if !output.exit.is_success() {
        return match said::has_no_file(program.as_str(), &output.stderr) {
            true => Ok(None),
            false => Err(failed(cx, path, &shown, program, &output)),
        };
    }
    let one = std::str::from_utf8(&output.stdout).ok().and_then(|text| text.strip_suffix('\0'));
    match one.filter(|text| text.starts_with('/') && !text.contains('\0')) {
        None => Err(unreadable(&shown, "it is no path")),
        // A path that Nixi cannot name is none below a root that it can.
        Some(text) => match text.parse() {
            Ok(real) => Ok(Some(real)),
            Err(_) => Err(outside(cx, path, text)),
        },
    }
}

/// Reads what lies at a path without links, and refuses it unless the path has none right before and right after: whoever may
/// write to a folder on the way can turn it into a link at any time. The three go out as one command.
pub(super) async fn in_place(
    cx: &InspectCx<'_>,
    real: &FilePath,
    read: Command<Read>,
) -> Result<Output, ToolError> {
    let [before, read, after] = cx.gather([file::real(real), read, file::real(real)]).await;
    stayed(cx, real, [before, after])?;
    read.output()
}

/// Refuses what does not have this path without links each time that it was looked at.
pub(super) fn stayed(cx: &InspectCx<'_>, real: &FilePath, looks: [ReadAnswer; 2]) -> Result<(), ToolError> {
    for look in looks {
        if real_told(cx, real, look)?.as_ref() != Some(real) {
            return Err(moved(cx, real));
        }
    }
    Ok(())
}

fn moved(cx: &InspectCx<'_>, real: &FilePath) -> ToolError {
    let message = format!("{real} on {} was moved, or became a link, while it was read", cx.node().name());
    let report = ErrorReport::new(ErrorKind::Changed, message);
    ToolError::Reported(
        report.hint("what was read is dropped: see who changes the folders on the way, then ask again"),
    )
}

/// Refuses what does not lie below a root, nor is one.
pub(super) fn within(cx: &InspectCx<'_>, path: &FilePath, real: &FilePath) -> Result<(), ToolError> {
    if cx.settings().roots.hold(real) { Ok(()) } else { Err(outside(cx, path, real.as_str())) }
}

/// Refuses what does not lie below a root.
pub(super) fn below(cx: &InspectCx<'_>, path: &FilePath, real: &FilePath) -> Result<(), ToolError> {
    if cx.settings().roots.hold_below(real) { Ok(()) } else { Err(outside(cx, path, real.as_str())) }
}

fn outside(cx: &InspectCx<'_>, path: &FilePath, real: &str) -> ToolError {
    let (node, roots) = (cx.node().name(), &cx.settings().roots);
    let leads = if path.as_str() == real { String::new() } else { format!(" leads to {real:?}, which") };
    ToolError::BadArgument {
        message: format!("{path} on {node}{leads} is not below {roots}"),
        hint: Some(
            "file actions go nowhere else; add a folder as `roots` of [file] in the configuration".to_owned(),
        ),
    }
}

pub(super) fn missing(cx: &InspectCx<'_>, path: &FilePath) -> ToolError {
    ToolError::NotFound {
        message: format!("there is no {path} on {}", cx.node().name()),
        hint: Some(format!("`nixi call file.list path={}` lists what is there", path.folder())),
    }
}

/// The error of a command about a path that failed.
pub(super) fn failed(
    cx: &InspectCx<'_>,
    path: &FilePath,
    shown: &str,
    program: Program,
    output: &Output,
) -> ToolError {
    if String::from_utf8_lossy(&output.stderr).contains("Permission denied") {
        return denied(cx, &format!("may not look at {path}"));
    }
    ToolError::of_output(shown, program, false, output)
}

/// The login user may not do this.
pub(super) fn denied(cx: &InspectCx<'_>, what: &str) -> ToolError {
    ToolError::Permission {
        message: format!("the login user {what} on {}", cx.node().name()),
        hint: "file actions never use sudo: give the login user the right to it on the node".to_owned(),
    }
}
