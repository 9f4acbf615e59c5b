//! The known_hosts files, read; and the one that is ours to write, locked and replaced.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nixi_core::small_file::{self, Unread};
use rustix::fs::{FlockOperation, flock};

use super::line::{Line, Mark};
use super::{HostKey, Names};
use crate::route::Records;

/// How long another program may hold the lock; Nixi itself holds it for one write.
const LOCK_WITHIN: Duration = Duration::from_secs(5);

/// Where something is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: usize,
    /// Whether `nixi remove` would take it out: it stands in a file of the user and names the host, not a pattern.
    pub(crate) removable: bool,
}

/// What the files say of one host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Its keys.
    pub(crate) keys: Vec<(HostKey, Place)>,
    /// For a port other than 22: keys of the same host without a port. As in ssh, they can vouch for a key, but
    /// another key is no contradiction.
    pub(crate) without_port: Vec<HostKey>,
    /// Keys that it must not have.
    pub(crate) revoked: Vec<(HostKey, Place)>,
    /// CAs that vouch for its certificates.
    pub(crate) authorities: Vec<Place>,
    /// Lines that name it and whose key cannot be read. As in ssh they contradict no other line.
    pub(crate) unreadable: Vec<Place>,
    /// The same with a marker that forbids something, or that we do not know.
    pub(crate) unreadable_marks: Vec<Place>,
    /// The file that its key belongs into, if one is kept at all.
    pub(crate) new: Option<PathBuf>,
}

impl Known {
    fn add(&mut self, line: &Line<'_>, place: Place, covered: bool) {
        match (line.mark, line.key()) {
            (Some(Mark::CertAuthority), _) => self.authorities.push(place),
            (Some(Mark::Revoked), Some(key)) => self.revoked.push((key, place)),
            (Some(Mark::Revoked | Mark::Unknown), _) => self.unreadable_marks.push(place),
            (None, Some(key)) if covered => self.keys.push((key, place)),
            (None, Some(key)) => self.without_port.push(key),
            (None, None) if covered => self.unreadable.push(place),
            // Even if it could be read, it would contradict nothing.
            (None, None) => {}
        }
    }
}

/// The contents of the known_hosts files.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    files: Vec<Loaded>,
    new: Option<PathBuf>,
}

#[derive(Debug)]
struct Loaded {
    path: PathBuf,
    text: Vec<u8>,
    of: Whose,
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    User,
    System,
}

impl KnownHosts {
    /// Reads the user's files and those of the system; one that is missing is empty.
    pub(crate) fn load(records: &Records) -> io::Result<Self> {
        let mut files = Vec::new();
        let user = records.user.iter().map(|path| (path, Whose::User));
        for (path, of) in user.chain(records.system.iter().map(|path| (path, Whose::System))) {
            let text = read(path).map_err(|error| {
                io::Error::new(error.kind(), format!("failed to read {}: {error}", path.display()))
            })?;
            files.push(Loaded { path: path.clone(), text, of });
        }
        Ok(Self { files, new: records.new.clone() })
    }

    /// The same, out of what was read elsewhere.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn of_text(text: &[u8]) -> Self {
        let path = PathBuf::from("known_hosts");
        let file = Loaded { path: path.clone(), text: text.to_vec(), of: Whose::User };
        Self { files: vec![file], new: Some(path) }
    }

    /// Every line that says something of hosts.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.files.iter().flat_map(|file| file.text.split(|&b| b == b'\n')).filter_map(Line::read)
    }

    /// What is known of a host.
    pub(crate) fn of(&self, host: &str, port: u16) -> Known {
        let mut known = Known { new: self.new.clone(), ..Known::default() };
        let names = Names::of(host, port);
        let plain = (port != 22).then(|| Names::without_port(host));
        for Loaded { path, text, of } in &self.files {
            for (at, raw) in text.split(|&b| b == b'\n').enumerate() {
                let Some(line) = Line::read(raw) else { continue };
                let covered = line.covers(&names);
                if !covered && !plain.as_ref().is_some_and(|plain| line.covers(plain)) {
                    continue;
                }
                let removable = *of == Whose::User && line.mark.is_none() && line.names(&names);
                let place = Place { file: path.clone(), line: at + 1, removable };
                known.add(&line, place, covered);
            }
        }
        known
    }
}

/// A file larger than this is none of ours: it would take longer to read than a connect may take. Half a million
/// hashed lines fit.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The bytes of a file; none if it is missing.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    match small_file::read(path, LARGEST) {
        Ok(file) => Ok(file.bytes),
        Err(Unread::Missing) => Ok(Vec::new()),
        Err(Unread::Failed(error)) => Err(error),
        Err(error @ (Unread::Special(_) | Unread::TooLong(_))) => Err(io::Error::other(error.to_string())),
    }
}

/// Takes the lock of a folder.
#[expect(clippy::disallowed_methods, reason = "whoever writes files is on a thread for what blocks")]
fn lock(folder: &File) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match flock(folder, FlockOperation::NonBlockingLockExclusive) {
            Err(error) if error != rustix::io::Errno::WOULDBLOCK && error != rustix::io::Errno::INTR => {
                return Err(error.into());
            }
            Err(_) if begun.elapsed() >= LOCK_WITHIN => {
                let why = format!("another program has held the lock on its folder for {LOCK_WITHIN:?}");
                return Err(io::Error::new(ErrorKind::TimedOut, why));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
            Ok(()) => return Ok(()),
        }
    }
}

/// The user's file while nobody else of Nixi writes it. The lock is on its folder, since the file may be replaced.
pub(super) struct Locked {
    path: PathBuf,
    _folder: File,
}

impl Locked {
    /// Waits for the lock, but not for ever; makes the folder if it is missing, for the user alone.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // A link is followed, so that what it points at is changed.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let folder = File::open(folder)?;
        lock(&folder)?;
        Ok(Self { path, _folder: folder })
    }

    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        read(&self.path)
    }

    /// Adds bytes at the end, in one write; a new file is for the user alone.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::options().append(true).create(true).mode(0o600).open(&self.path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Replaces the whole, with the permissions it has; a reader sees the old or the new.
    pub(super) fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut next = tempfile::Builder::new().prefix(".known_hosts.").tempfile_in(folder)?;
        next.write_all(bytes)?;
        next.as_file().set_permissions(fs::metadata(&self.path)?.permissions())?;
        next.as_file().sync_all()?;
        next.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_another_is_not_waited_for_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("known_hosts");
        let held = Locked::open(&file).unwrap();
        let refused = Locked::open(&file).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::TimedOut);
        drop(held);
        Locked::open(&file).unwrap();
    }
}
