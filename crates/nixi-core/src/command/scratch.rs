//! Where a stage writes: a folder that only it names, and what lies below it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;

use crate::word::checked_word;

/// Open to all, sticky, and on every machine: whoever made a folder there is the only one who can rename or remove it,
/// and what is left there is cleaned up by the machine itself some day.
const BELOW: &str = "/tmp";

checked_word! {
    /// The name of a file or folder of a stage, below its folder: parts with `/` between them, none of them hidden, at most
    /// 255 bytes.
    ScratchName, "a name on a stage", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 255 => Err("it is longer than 255 bytes"),
        _ if word.chars().any(char::is_control) => Err("it holds a control character"),
        _ if word.split('/').any(|part| part.is_empty() || part.starts_with(['.', '-'])) => {
            Err("a part of it is empty, or starts with `.` or `-`")
        }
        _ => Ok(()),
    }
}

/// The folder of a stage. Its name is drawn at random, so that nobody can have made it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScratchFolder(String);

impl ScratchFolder {
    /// Another one each time.
    pub(crate) fn new() -> Self {
        let half = || RandomState::new().hash_one(BELOW);
        Self(format!("{BELOW}/nixi-{:016x}{:016x}", half(), half()))
    }

    /// A file or folder below it.
    pub(crate) fn path(&self, name: &ScratchName) -> ScratchPath {
        ScratchPath { path: format!("{self}/{}", name.as_str()), folder_ends: self.0.len() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScratchFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path below the folder of a [`Stage`](crate::Stage), which alone makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScratchPath {
    path: String,
    /// Where the folder of the stage ends.
    folder_ends: usize,
}

impl ScratchPath {
    /// The whole path, from `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The folder that it lies in, if that is another one than the stage's own.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (parent, _) = self.path.rsplit_once('/')?;
        let is_below = parent.len() > self.folder_ends;
        is_below.then(|| Self { path: parent.to_owned(), folder_ends: self.folder_ends })
    }
}

impl fmt::Display for ScratchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_two_stages_share_a_folder() {
        let (one, other) = (ScratchFolder::new(), ScratchFolder::new());
        assert!(one != other && one.as_str().starts_with("/tmp/nixi-"), "{one} {other}");
    }

    #[test]
    fn a_parent_is_told_up_to_the_folder() {
        let path = |name: &str| ScratchFolder::new().path(&name.parse().unwrap());
        assert_eq!(path("flake.nix").parent(), None);
        let parent = path("hosts/web/disks.nix").parent().unwrap();
        assert!(parent.as_str().ends_with("/hosts/web"), "{parent}");
        assert!(parent.parent().unwrap().parent().is_none());
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(name in "\\PC{0,20}|[./a-]{0,12}") {
            let Ok(name) = name.parse::<ScratchName>() else { return Ok(()) };
            let folder = ScratchFolder::new();
            let path = folder.path(&name);
            let below = path.as_str().strip_prefix(folder.as_str()).unwrap();
            prop_assert!(below.starts_with('/') && below.len() > 1);
            prop_assert!(below[1..].split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
        }
    }
}
