//! The content that a change of a file takes away.

use nixi_core::catalog::file;
use nixi_core::command::{Elevation, FilePath};
use nixi_core::{Command, FileDigest, Output, PlanCx, Read, Replaces, ToolError};

use super::content::{MOST, text};
use super::facts::{Facts, facts};
use super::place::{There, failed, stayed};
use super::write::changed;
use crate::reading::{parsed_of, unreadable};

/// The most bytes of former content that the command which takes a change back holds.
const MOST_UNDONE: usize = 16 * 1024;

/// What is in a file that a change takes away.
pub(super) struct Former {
    pub(super) digest: FileDigest,
    /// All of it; or only that it is too much to be read.
    content: Option<Vec<u8>>,
    /// Whether everybody on the node may go to the folder that it lies in, as far as is known.
    is_in_the_open: bool,
}

/// The folder of a file that is changed.
pub(super) struct Folder {
    /// How it ended to ask whether the login user may put files into it.
    pub(super) writable: Output,
    pub(super) facts: Result<Facts, ToolError>,
    is_in_the_open: bool,
}

impl Former {
    /// What is there, and what its folder is; one command, unless it grows beyond what is read.
    pub(super) async fn read(cx: &PlanCx<'_>, found: &There) -> Result<(Self, Folder), ToolError> {
        if found.facts.bytes <= MOST as u64 {
            let (beginning, folder) = look(cx, found, file::beginning(&found.real, MOST + 1)).await?;
            let content = beginning.stdout;
            if content.len() <= MOST {
                let digest = FileDigest::of(&content);
                let is_in_the_open = folder.is_in_the_open;
                return Ok((Self { digest, content: Some(content), is_in_the_open }, folder));
            }
        }
        let command = file::digest(&found.real, Elevation::LoginUser);
        let shown = command.to_string();
        let (summed, folder) = look(cx, found, command).await?;
        let digest = FileDigest::from_sha256sum(&String::from_utf8_lossy(&summed.stdout));
        let digest = digest.ok_or_else(|| unreadable(&shown, "it is no SHA-256"))?;
        Ok((Self { digest, content: None, is_in_the_open: folder.is_in_the_open }, folder))
    }

    /// As text, or half a sentence why it is not shown.
    fn text(&self) -> Result<&str, &'static str> {
        self.content.as_deref().map_or(Err("it is too large"), text)
    }

    /// What a plan shows of it.
    pub(super) fn replaced(self) -> Replaces {
        match (self.text().err(), self.content) {
            (None, Some(content)) => Replaces::Content(content.into()),
            (why, _) => Replaces::Unshown(self.digest, why.unwrap_or("it is too large").to_owned()),
        }
    }

    /// As text, if a command can bring it back. That command stands in the journal and in `--json`, so it never holds what
    /// others on the node may not read.
    pub(super) fn undoable(&self, facts: &Facts) -> Result<&str, &'static str> {
        if facts.mode & 0o004 == 0 || !self.is_in_the_open {
            return Err("others may not read it, so it may be a secret, and Nixi keeps no copy");
        }
        self.text().and_then(|text| if text.len() > MOST_UNDONE { Err("it is too large") } else { Ok(text) })
    }
}

/// One read of a file that has to be where it is right before and right after, and to be what it was, and its folder.
async fn look(cx: &PlanCx<'_>, found: &There, read: Command<Read>) -> Result<(Output, Folder), ToolError> {
    let path = &found.real;
    let folder: FilePath = path
        .folder()
        .parse()
        .map_err(|error| ToolError::BadArgument { message: format!("{path}: {error}"), hint: None })?;
    let (shown, program) = (read.to_string(), read.program());
    let [before, was, read, is, after, writable, folder, way] = cx
        .gather([
            file::real(path),
            file::facts(path),
            read,
            file::facts(path),
            file::real(path),
            file::may_write_folder(path),
            file::facts(&folder),
            file::folders_on_the_way(path),
        ])
        .await;
    stayed(cx, path, [before, after])?;
    for facts in [parsed_of(was, facts)?, parsed_of(is, facts)?] {
        if !facts.is_same_file(&found.facts) {
            return Err(changed(cx, path, "changes while it is looked at"));
        }
    }
    let output = read.output()?;
    if !output.exit.is_success() {
        return Err(failed(cx, path, &shown, program, &output));
    }
    let is_in_the_open = way.stdout().is_ok_and(|way| is_open(&way));
    Ok((output, Folder { writable: writable.output()?, facts: parsed_of(folder, facts), is_in_the_open }))
}

/// Whether everybody may go through all of these folders.
fn is_open(way: &str) -> bool {
    let may_go = |mode: &str| u32::from_str_radix(mode, 16).is_ok_and(|mode| mode & 0o001 != 0);
    way.ends_with('\0') && way.split_terminator('\0').all(may_go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_closed_folder_on_the_way_hides_what_is_in_it() {
        assert!(is_open("41ed\x0041ed\x0043ff\0"));
        for closed in ["", "41ed", "41ed\x0041c0\0", "41ed\x0041e8\x0041ed\0", "41ed\0x\0", "\0"] {
            assert!(!is_open(closed), "{closed:?}");
        }
    }
}
