//! What is known of the journal's last line beside the journal itself.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

/// The SHA-256 of a line without its end, in hexadecimal digits.
pub(super) fn digest(line: &[u8]) -> String {
    Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the first line has in place of the digest of a line before it.
pub(super) fn no_digest() -> String {
    "0".repeat(64)
}

/// No line has a higher number; what says so cannot be read as one of ours.
pub(super) const MOST: u64 = u64::MAX / 2;

/// The last line: its number and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: u64,
    pub(super) digest: String,
}

impl Head {
    /// What is known before the first line: that there is a journal, so that one whose head is gone is never taken for new.
    pub(super) fn of_none() -> Self {
        Self { number: 0, digest: no_digest() }
    }

    /// Always as long, so that it takes the place of the one before it without room of its own.
    fn text(&self) -> String {
        format!("{:020} {}\n", self.number, self.digest)
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, digest) = text.strip_suffix('\n')?.split_once(' ')?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|number| *number <= MOST)?;
        is_digest.then_some(Self { number, digest: digest.to_owned() })
    }
}

/// The file of the head.
#[derive(Debug)]
pub(super) struct HeadFile(pub(super) PathBuf);

impl HeadFile {
    /// `None` where there is none, or nothing that can be read as one.
    pub(super) fn read(&self) -> Option<Head> {
        let file = nixi_core::small_file::read(&self.0, 1024).ok()?;
        Head::parse(std::str::from_utf8(&file.bytes).ok()?)
    }

    /// Takes it away.
    pub(super) fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// On the disk when it returns.
    pub(super) fn write(&self, head: &Head) -> io::Result<()> {
        let file = open(&self.0, OpenOptions::new().write(true))?;
        let text = head.text();
        file.write_all_at(text.as_bytes(), 0)?;
        file.set_len(text.len() as u64)?;
        file.sync_data()
    }
}

/// A file of this user's alone, made where it is missing.
pub(super) fn open(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let file = open_own(path, how.create(true).mode(0o600))?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// The same to be read, where it is there.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    open_own(path, OpenOptions::new().read(true))
}

/// A regular file of this user's. No link is followed, and no pipe is waited for.
fn open_own(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = how.custom_flags(i32::try_from(flags.bits()).unwrap_or_default()).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is no regular file of this user's"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadFile(folder.path().join("journal.head"));
        assert_eq!(file.read(), None);
        for number in [1, 2, 900, MOST] {
            let head = Head { number, digest: digest(&number.to_be_bytes()) };
            file.write(&head).unwrap();
            assert_eq!(file.read(), Some(head));
        }
        for broken in [
            "",
            "1",
            "x y\n",
            &format!("1 {}\n", "g".repeat(64)),
            &format!("{} {}\n", MOST + 1, "a".repeat(64)),
        ] {
            std::fs::write(&file.0, broken).unwrap();
            assert_eq!(file.read(), None, "{broken:?}");
        }
    }
}
