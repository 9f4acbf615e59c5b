//! The file that is really written: behind symbolic links, under a lock, in one step.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::write_error::ConfigWriteError;

/// Read-only on every Nix system, and written by builds alone.
const STORE: &str = "/nix/store";
/// Symbolic links that are followed in a row, as on Linux.
const MOST_LINKS: usize = 40;

/// The file behind the name that the user knows.
pub(crate) struct Target {
    file: PathBuf,
    dir: PathBuf,
}

impl Target {
    /// Follows the links. Refuses the Nix store before anything is made; makes the directory (0700) if it is missing.
    pub(crate) fn find(file: &Path) -> Result<Self, ConfigWriteError> {
        let target = follow(file).map_err(failed("follow", file))?;
        let written_by_nix = |target: &Path| ConfigWriteError::WrittenByNix {
            file: file.to_owned(),
            target: target.to_owned(),
        };
        if target.starts_with(STORE) {
            return Err(written_by_nix(&target));
        }
        let name = target.file_name().map(OsString::from);
        let (Some(name), Some(dir)) = (name, target.parent()) else {
            return Err(failed("write", file)(io::ErrorKind::InvalidFilename.into()));
        };
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("create", dir))?;
        let dir = dir.canonicalize().map_err(failed("follow", dir))?;
        let target = dir.join(name);
        if target.starts_with(STORE) {
            return Err(written_by_nix(&target));
        }
        Ok(Self { file: target, dir })
    }

    /// The real file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Locks out every other Nixi until the result is dropped. The lock file stays: removing it would open a gap in
    /// which two processes hold locks on two files.
    pub(crate) fn lock(&self, patience: Duration) -> Result<File, ConfigWriteError> {
        let mut path = self.file.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // A pipe would be waited for.
            .custom_flags(i32::from_ne_bytes(OFlags::NONBLOCK.bits().to_ne_bytes()))
            .open(&path)
            .map_err(failed("open", &path))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => pause(),
                Err(TryLockError::WouldBlock) => return Err(ConfigWriteError::Locked { lock: path }),
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
            }
        }
    }

    /// Puts the text in the place of the file: a reader sees all of the old text or all of the new. Permissions stay,
    /// and owner and group where the system lets us set them; a new file is 0600.
    pub(crate) fn replace(&self, text: &str) -> Result<(), ConfigWriteError> {
        let old = match fs::metadata(&self.file) {
            Ok(old) if old.is_file() => Some(old),
            Ok(_) => return Err(failed("write", &self.file)(io::Error::other("it is not a regular file"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &self.file)(error)),
        };
        let mut new = tempfile::Builder::new()
            .prefix(".config.toml.")
            .tempfile_in(&self.dir)
            .map_err(failed("create a file in", &self.dir))?;
        let write = failed("write", new.path());
        let file = new.as_file_mut();
        let written = file.write_all(text.as_bytes()).and_then(|()| {
            if let Some(old) = old {
                keep_owner(file, &old);
                file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
            }
            file.sync_all()
        });
        written.map_err(write)?;
        new.persist(&self.file).map_err(|error| failed("replace", &self.file)(error.error))?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(failed("sync", &self.dir))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "std has no lock with a time limit; callers know that this blocks"
)]
fn pause() {
    sleep(Duration::from_millis(10));
}

/// Gives the file to the owner and group of the old one. Only root may give a file away; without that right the file
/// belongs to the one who wrote it, as with any editor.
fn keep_owner(file: &File, old: &fs::Metadata) {
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
}

/// The path behind the links of its last part; the file itself need not exist.
fn follow(file: &Path) -> io::Result<PathBuf> {
    let mut path = file.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => {
                let link = fs::read_link(&path)?;
                path = path.parent().map_or(link.clone(), |dir| dir.join(&link));
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> ConfigWriteError + use<> {
    let path = path.to_owned();
    move |source| ConfigWriteError::Write { doing, path: path.clone(), source }
}
