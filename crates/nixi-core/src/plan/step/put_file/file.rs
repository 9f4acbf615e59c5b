//! A file as a plan puts it on a node.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::command::{Elevation, FileOwner, FilePath};
use crate::plan::diff::{Before, Diff};

/// The SHA-256 of the content of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileDigest([u8; 32]);

impl FileDigest {
    /// Of these bytes.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// From what sha256sum(1) prints; `None` if it is something else.
    #[must_use]
    pub fn from_sha256sum(printed: &str) -> Option<Self> {
        // It puts a backslash first if the name has one.
        let hex = printed.strip_prefix('\\').unwrap_or(printed).split_ascii_whitespace().next()?;
        let mut digest = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(digest))
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileDigest({self})")
    }
}

impl Serialize for FileDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What has to be at the path when the file is put there. There is no "whatever it is".
#[derive(Clone, PartialEq, Eq)]
pub enum Replaces {
    /// No file.
    Nothing,
    /// A file with this content, so that a person is shown what changes.
    Content(Arc<[u8]>),
    /// A file whose content a person is not shown, for this reason: half a sentence.
    Unshown(FileDigest, String),
}

impl Replaces {
    /// What stands for the content; `None` where there is no file.
    #[must_use]
    pub fn digest(&self) -> Option<FileDigest> {
        match self {
            Self::Nothing => None,
            Self::Content(content) => Some(FileDigest::of(content)),
            Self::Unshown(digest, _) => Some(*digest),
        }
    }
}

/// The content may be a secret, or long: its digest tells it.
impl fmt::Debug for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replaces").field(&self.digest()).finish()
    }
}

/// A file to be put on a node, whole or not at all: whoever looks at the path sees what was there before, or the new
/// file with its owner and mode, and nothing in between.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a change does nothing by itself"]
pub struct PutFile {
    pub(super) path: FilePath,
    pub(super) content: Arc<[u8]>,
    pub(super) replaces: Replaces,
    pub(super) mode: u32,
    pub(super) owner: Option<FileOwner>,
    pub(super) elevation: Elevation,
    pub(super) folder: Folder,
}

/// What the folders on the way to the path may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Folder {
    /// Links too.
    Any,
    /// No links, so that the file is where the path says.
    Real,
}

impl PutFile {
    /// A file of the login user that only its owner may write and all may read.
    pub fn new(path: FilePath, content: impl Into<Arc<[u8]>>, replaces: Replaces) -> Self {
        let (mode, owner, elevation, folder) = (0o644, None, Elevation::LoginUser, Folder::Any);
        Self { path, content: content.into(), replaces, mode, owner, elevation, folder }
    }

    /// With these permissions (chmod(1), octal); bits beyond 0o7777 are dropped.
    pub fn mode(self, mode: u32) -> Self {
        Self { mode: mode & 0o7777, ..self }
    }

    /// With this owner, which root alone may give away.
    pub fn owner(self, owner: FileOwner) -> Self {
        Self { owner: Some(owner), ..self }
    }

    /// Written with the rights of root.
    pub fn elevated(self) -> Self {
        Self { elevation: Elevation::Root, ..self }
    }

    /// Only while no folder on the way there is a link: the file stays below the folders that the path names.
    pub fn by_no_link(self) -> Self {
        Self { folder: Folder::Real, ..self }
    }

    pub(super) fn content_digest(&self) -> FileDigest {
        FileDigest::of(&self.content)
    }

    /// Every word of it, and what stands for the content.
    pub(super) fn fingerprint(&self) -> impl Serialize + '_ {
        let owner = self.owner.as_ref().map(FileOwner::as_str);
        let replaced = self.replaces.digest();
        let (path, content) = (self.path.as_str(), self.content_digest());
        (path, content, replaced, self.mode, owner, self.elevation, self.folder)
    }

    pub(super) fn diff(&self) -> Diff {
        let before = match &self.replaces {
            Replaces::Nothing => Before::Nothing,
            Replaces::Content(content) => Before::Content(content),
            Replaces::Unshown(digest, why) => Before::Unshown(*digest, why),
        };
        Diff::of(before, &self.content)
    }
}

/// The content may be a secret, or long: it is told by its length and digest.
impl fmt::Debug for PutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PutFile({self})")
    }
}

/// As a person reads it in a plan.
impl fmt::Display for PutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sudo = if self.elevation == Elevation::Root { "sudo -n -- " } else { "" };
        let (path, length, digest, mode) = (&self.path, self.content.len(), self.content_digest(), self.mode);
        write!(f, "{sudo}put file {path}: {length} bytes, SHA-256 {digest}, mode {mode:04o}")?;
        if let Some(owner) = &self.owner {
            write!(f, ", owner {owner}")?;
        }
        match self.folder {
            Folder::Any => {}
            Folder::Real => f.write_str(", by no link")?,
        }
        match self.replaces.digest() {
            None => f.write_str(", where there is none"),
            Some(digest) => write!(f, ", in place of SHA-256 {digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_as_sha256sum_prints_them() {
        let digest = FileDigest::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.to_string(), hex);
        for printed in [format!("{hex}  /x y\n"), format!("\\{hex}  /x\\\\y\n")] {
            assert_eq!(FileDigest::from_sha256sum(&printed), Some(digest), "{printed}");
        }
        for printed in ["", "x", &hex[1..], &hex.replace('e', "g"), &"é".repeat(32)] {
            assert_eq!(FileDigest::from_sha256sum(printed), None, "{printed}");
        }
    }

    #[test]
    fn a_file_is_told_without_its_content() {
        let path: FilePath = "/srv/web/index.html".parse().unwrap();
        let put =
            PutFile::new(path, *b"secret", Replaces::Nothing).mode(0o600).owner("root:root".parse().unwrap());
        insta::assert_snapshot!(put.clone().elevated(), @"sudo -n -- put file /srv/web/index.html: 6 bytes, SHA-256 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b, mode 0600, owner root:root, where there is none");
        assert!(!format!("{put:?}").contains("secret"));
    }
}
