//! `file.read`

use std::fmt;

use nixi_core::{ActionName, FileDigest, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::content::{MOST, beginning, cut, text, whole_lines};
use super::facts::{FileKind, octal};
use super::place::{FileArgs, below, missing, there};
use crate::bytes::human;
use crate::rows::{LeftOut, write_left_out};

/// A file with its content.
pub struct ReadFile;

/// `data` of `file.read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReadReport {
    /// The path that was asked for.
    pub path: String,
    /// The path without links.
    pub real_path: String,
    /// The size.
    pub bytes: u64,
    /// Permissions in octal, as `0644`.
    pub mode: String,
    /// The user whose it is; a number where it has no name.
    pub user: String,
    /// The group whose it is; a number where it has no name.
    pub group: String,
    /// When it was last changed, in RFC 3339.
    pub modified: String,
    /// The SHA-256 of the content; `null` where only its beginning was read.
    pub sha256: Option<String>,
    /// The content; `null` where it is not shown.
    pub content: Option<String>,
    /// What of the content is missing, and why.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for ReadFile {
    type Args = FileArgs;
    type Report = ReadReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("file", "read"), "a text file", ReadCapability::SystemStatus)
            .example(json!({"path": "/srv/web/data"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: FileArgs) -> Result<ReadReport, ToolError> {
        let path = args.path;
        let found = there(cx, &path).await?.ok_or_else(|| missing(cx, &path))?;
        below(cx, &path, &found.real)?;
        let facts = found.facts;
        if facts.kind != FileKind::File {
            let list = matches!(facts.kind, FileKind::Folder);
            return Err(ToolError::BadArgument {
                message: format!("{path} on {} is {}", cx.node().name(), facts.kind.words()),
                hint: list.then(|| "`file.list` lists a folder".to_owned()),
            });
        }
        let read = beginning(cx, &found.real).await?;
        let (sha256, shown) = match read.get(..MOST) {
            Some(first) if read.len() > MOST => (None, whole_lines(first)),
            Some(_) | None => (Some(FileDigest::of(&read).to_string()), &read[..]),
        };
        let mut left_out = Vec::new();
        let content = match text(shown) {
            Ok(text) => {
                if sha256.is_none() {
                    left_out.push(LeftOut::new("the rest", &cut(shown.len(), facts.bytes)));
                }
                Some(text.to_owned())
            }
            Err(why) => {
                left_out.push(LeftOut::new("content", &format!("{why}; {}", human(facts.bytes))));
                None
            }
        };
        Ok(ReadReport {
            path: path.to_string(),
            real_path: found.real.to_string(),
            bytes: facts.bytes,
            mode: octal(facts.mode),
            user: facts.user.shown(),
            group: facts.group.shown(),
            modified: facts.modified.rfc3339(),
            sha256,
            content,
            left_out,
        })
    }
}

/// The content, and what of it is missing.
impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content.as_deref() {
            Some("") => write!(f, "{} is empty", self.path)?,
            Some(content) => f.write_str(content.trim_end_matches('\n'))?,
            None => f.write_str(&self.path)?,
        }
        write_left_out(f, &self.left_out)
    }
}
