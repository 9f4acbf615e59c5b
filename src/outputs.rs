//! Long results on the disk of the controller, for nobody but the user: so many of them, so large, so old.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use nixi_core::outputs::Outputs;

use crate::private_folder;

/// The most of one result, in bytes.
const ONE: usize = 16 * 1024 * 1024;
/// The most of all, in bytes and in files; the oldest go first.
const ALL: u64 = 128 * 1024 * 1024;
const FILES: usize = 256;
/// How long a result is kept.
const AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A folder of long results, which is written to by threads that may block.
#[derive(Debug, Clone)]
pub(crate) struct OutputFolder(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    folder: PathBuf,
    /// How many were written; one at a time is, so that there is room for it.
    count: Mutex<u32>,
}

impl OutputFolder {
    /// The folder, which is made when it is needed.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Folder { folder, count: Mutex::new(0) }))
    }
}

impl Folder {
    fn keep(&self, text: &str) -> Result<String, String> {
        if text.len() > ONE {
            return Err("it is longer than 16 MiB".to_owned());
        }
        let failed = |error: io::Error| format!("cannot write below {}: {error}", self.folder.display());
        Ok(self.write(text).map_err(failed)?.display().to_string())
    }

    fn write(&self, text: &str) -> io::Result<PathBuf> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        private_folder::make(&self.folder)?;
        self.clean(text.len() as u64)?;
        let (mut file, path) = self.create(&mut count)?;
        let written = file.write_all(text.as_bytes());
        if written.is_err() {
            // Half a result is none.
            let _ = std::fs::remove_file(&path);
        }
        written.map(|()| path)
    }

    /// A file that nobody else has: another Nixi, as one in a container, may have the same number as this process.
    fn create(&self, count: &mut u32) -> io::Result<(File, PathBuf)> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        loop {
            *count = count.wrapping_add(1);
            let path = self.folder.join(format!("{now}-{}-{count}.txt", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes what is old, and what takes the room of a new one.
    fn clean(&self, room: u64) -> io::Result<()> {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = std::fs::read_dir(&self.folder)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let about = entry.metadata().ok()?;
                about.is_file().then_some((about.modified().ok()?, about.len(), entry.path()))
            })
            .collect();
        kept.sort();
        let mut bytes: u64 = kept.iter().map(|(_, length, _)| length).sum();
        let mut files = kept.len();
        for (changed, length, path) in kept {
            let is_old = changed.elapsed().is_ok_and(|age| age > AGE);
            if is_old || files >= FILES || bytes.saturating_add(room) > ALL {
                remove(&path)?;
                (bytes, files) = (bytes.saturating_sub(length), files - 1);
            }
        }
        Ok(())
    }
}

/// Another Nixi may have been faster.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[async_trait]
impl Outputs for OutputFolder {
    async fn keep(&self, text: String) -> Result<String, String> {
        let folder = Arc::clone(&self.0);
        let writing = tokio::task::spawn_blocking(move || folder.keep(&text));
        writing.await.unwrap_or_else(|error| Err(format!("writing it down failed: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn folder_at(folder: PathBuf) -> Folder {
        Folder { folder, count: Mutex::new(0) }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_result_is_kept_for_its_user_alone() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("nixi/outputs");
        let outputs = folder_at(folder.clone());
        let place = outputs.keep("all of it").unwrap();
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "all of it");
        assert_eq!((mode(&folder), mode(Path::new(&place))), (0o700, 0o600));
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        outputs.keep("more").unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn the_oldest_go_and_the_folder_does_not_grow() {
        let state = tempfile::tempdir().unwrap();
        let outputs = folder_at(state.path().join("outputs"));
        let first = outputs.keep("first").unwrap();
        for _ in 0..FILES + 10 {
            outputs.keep("x").unwrap();
        }
        assert_eq!(files(&outputs.folder), FILES);
        assert!(!Path::new(&first).exists());
        let large = "x".repeat(ONE);
        for _ in 0..12 {
            outputs.keep(&large).unwrap();
        }
        let bytes: u64 = std::fs::read_dir(&outputs.folder)
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(bytes <= ALL, "{bytes}");
        assert!(outputs.keep(&"x".repeat(ONE + 1)).unwrap_err().contains("16 MiB"));
    }

    /// One Nixi removes what another one is about to remove, and has the same names in mind.
    #[test]
    fn several_write_at_the_same_time() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("outputs");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let outputs = folder_at(folder.clone());
                scope.spawn(move || {
                    for _ in 0..FILES {
                        outputs.keep("x").unwrap();
                    }
                });
            }
        });
        assert!(files(&folder) <= FILES + 8, "{}", files(&folder));
        remove(&folder.join("gone")).unwrap();
        assert!(remove(&folder).is_err(), "a directory is no result");
    }

    #[tokio::test]
    async fn whoever_waits_is_not_blocked() {
        let state = tempfile::tempdir().unwrap();
        let outputs = OutputFolder::new(state.path().join("outputs"));
        let mut keeping = outputs.keep("all of it".to_owned());
        {
            // While this is held, nothing is written; a write on this thread would wait for ever.
            let _held = outputs.0.count.lock().unwrap();
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(keeping.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(std::fs::read_to_string(keeping.await.unwrap()).unwrap(), "all of it");
    }

    #[test]
    fn what_is_old_goes() {
        let state = tempfile::tempdir().unwrap();
        let outputs = folder_at(state.path().join("outputs"));
        let old = outputs.keep("old").unwrap();
        let then = SystemTime::now() - AGE - Duration::from_secs(60);
        File::options().write(true).open(&old).unwrap().set_modified(then).unwrap();
        outputs.keep("new").unwrap();
        assert_eq!((Path::new(&old).exists(), files(&outputs.folder)), (false, 1));
    }

    #[test]
    fn nothing_is_written_through_a_link_that_somebody_laid() {
        let state = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), state.path().join("outputs")).unwrap();
        let outputs = folder_at(state.path().join("outputs"));
        assert!(outputs.keep("x").unwrap_err().contains("no directory of this user's"));
        assert_eq!(files(elsewhere.path()), 0);
    }
}
