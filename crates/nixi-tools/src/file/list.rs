//! `file.list`

use std::fmt;

use nixi_core::catalog::file;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::entry::{Entry, entries};
use super::facts::FileKind;
use super::place::{FileArgs, failed, in_place, missing, there, within};
use crate::bytes::human;
use crate::reading::unreadable;
use crate::rows::{LeftOut, write_left_out};
use crate::table::{Column, Table};

/// What lies in a folder.
pub struct List;

/// `data` of `file.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListReport {
    /// The path that was asked for.
    pub path: String,
    /// The path without links.
    pub real_path: String,
    /// What lies there, hidden files too, by name.
    pub entries: Vec<Entry>,
    /// Entries that could not be read, or did not fit.
    pub left_out: Vec<LeftOut>,
}

/// The most entries of a folder that are shown.
const MOST_ENTRIES: usize = 5_000;

impl Inspect for List {
    type Args = FileArgs;
    type Report = ListReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("file", "list"), "a folder", ReadCapability::SystemStatus)
            .example(json!({"path": "/srv"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: FileArgs) -> Result<ListReport, ToolError> {
        let path = args.path;
        let found = there(cx, &path).await?.ok_or_else(|| missing(cx, &path))?;
        within(cx, &path, &found.real)?;
        if found.facts.kind != FileKind::Folder {
            return Err(ToolError::BadArgument {
                message: format!(
                    "{path} on {} is {}, not a folder",
                    cx.node().name(),
                    found.facts.kind.words()
                ),
                hint: Some("`file.read` shows a file".to_owned()),
            });
        }
        let command = file::list(&found.real);
        let (shown, program) = (command.to_string(), command.program());
        let output = in_place(cx, &found.real, command).await?;
        if !output.exit.is_success() && output.stdout.is_empty() {
            return Err(failed(cx, &path, &shown, program, &output));
        }
        // The last row of what was cut is not whole.
        let whole =
            if output.truncated { output.stdout.iter().rposition(|byte| *byte == b'\n') } else { None };
        let printed = whole.map_or(&output.stdout[..], |end| &output.stdout[..=end]);
        let mut sifted = entries(printed).map_err(|why| unreadable(&shown, &why))?;
        if output.truncated {
            sifted.left_out.push(LeftOut::new("further entries", "the folder has more than Nixi reads"));
        } else if !output.exit.is_success() {
            let error = failed(cx, &path, &shown, program, &output);
            sifted.left_out.push(LeftOut::new("further entries", &error.to_string()));
        }
        if let Some(more) = sifted.rows.len().checked_sub(MOST_ENTRIES).filter(|more| *more > 0) {
            sifted.rows.truncate(MOST_ENTRIES);
            let why = format!("the first {MOST_ENTRIES} by name are shown");
            sifted.left_out.push(LeftOut::new(&format!("{more} further entries"), &why));
        }
        Ok(ListReport {
            path: path.to_string(),
            real_path: found.real.to_string(),
            entries: sifted.rows,
            left_out: sifted.left_out,
        })
    }
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            write!(f, "nothing in {}", self.path)?;
            return write_left_out(f, &self.left_out);
        }
        let header = [
            ("NAME", Column::Whole),
            ("SIZE", Column::Number),
            ("MODE", Column::Whole),
            ("OWNER", Column::Elastic),
            ("MODIFIED", Column::Whole),
        ];
        let table = Table::new(header).rows(&self.entries, |entry| {
            let name = match (entry.kind, &entry.target) {
                (FileKind::Folder, _) => format!("{}/", entry.name),
                (FileKind::Link, Some(target)) => format!("{} -> {target}", entry.name),
                (FileKind::File, _) => entry.name.clone(),
                (kind, _) => format!("{} ({})", entry.name, kind.words()),
            };
            let owner = format!("{}:{}", entry.user, entry.group);
            // `2025-11-24T16:00:00Z`, to the minute.
            let modified = entry.modified.get(..16).unwrap_or(&entry.modified).replace('T', " ");
            [name, human(entry.bytes), entry.mode.clone(), owner, modified]
        });
        write!(f, "{table}")?;
        write_left_out(f, &self.left_out)
    }
}
