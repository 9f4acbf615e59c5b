//! Which requests are in somebody's hands: a locked file for each.
//!
//! The kernel lets go of the lock when a process ends, however it ends. A file that is there and not locked is a request
//! whose process ended first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nixi_core::journal::{Claim, RequestId};

use super::file::rest;
use super::head::{open, open_to_read};
use crate::private_folder;

/// Who only looks whether a file is locked holds it for a moment.
const LOOKS: u32 = 20;
const A_LOOK: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Claims {
    folder: PathBuf,
}

impl Claims {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// `None` if somebody has it.
    pub(super) fn take(&self, request: RequestId) -> Result<Option<Claim>, String> {
        let path = self.folder.join(request.to_string());
        let failed = |error: io::Error| format!("cannot take {}: {error}", path.display());
        private_folder::make(&self.folder).map_err(failed)?;
        if let Some(file) = self.fresh(request, &path).map_err(failed)? {
            return Ok(Some(claim(file, path)));
        }
        for _ in 0..LOOKS {
            let file = open(&path, OpenOptions::new().write(true)).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if is_still_at(&file, &path) => {
                    return Ok(Some(claim(file, path)));
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => rest(A_LOOK),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Ok(None)
    }

    /// A file that is locked before it has its name, so that nobody ever finds it there and free. `None` if there is one.
    fn fresh(&self, request: RequestId, path: &Path) -> io::Result<Option<File>> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let nameless = self.folder.join(format!(".{request}-{}-{made}", std::process::id()));
        let file = open(&nameless, OpenOptions::new().write(true))?;
        file.lock()?;
        let named = std::fs::hard_link(&nameless, path);
        // Whoever looks for what was left behind may have removed it before it was locked.
        let _ = std::fs::remove_file(&nameless);
        match named {
            Ok(()) => Ok(Some(file)),
            // It has one, or this file system has no hard links; then a moment remains in which it is there and free.
            Err(_) => Ok(None),
        }
    }

    /// Those whose process has ended.
    pub(super) fn abandoned(&self) -> Vec<RequestId> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let mut abandoned: Vec<RequestId> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let file = open_to_read(&entry.path()).ok()?;
                let is_free = file.try_lock_shared().is_ok();
                if is_free && name.starts_with('.') {
                    // Its process ended before it had a name.
                    let _ = std::fs::remove_file(entry.path());
                }
                let request: RequestId = name.parse().ok()?;
                is_free.then_some(request)
            })
            .collect();
        abandoned.sort_unstable();
        abandoned
    }
}

fn claim(file: File, path: PathBuf) -> Claim {
    Claim::new(move || {
        // Removed before the lock goes with the file.
        let _ = std::fs::remove_file(&path);
        drop(file);
    })
}

/// Whoever had it before may have removed the file that was opened here.
fn is_still_at(file: &File, path: &PathBuf) -> bool {
    let (Ok(held), Ok(there)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().join("running"));
        assert_eq!(claims.abandoned(), []);
        let (seven, eight) = (RequestId::new(7), RequestId::new(8));
        let held = claims.take(seven).unwrap().unwrap();
        assert!(claims.take(seven).unwrap().is_none(), "it is taken");
        assert!(claims.take(eight).unwrap().is_some());
        assert_eq!(claims.abandoned(), []);
        drop(held);
        assert!(claims.take(seven).unwrap().is_some());
    }

    #[test]
    fn what_a_process_left_behind_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().to_owned());
        for name in ["12", "9", "x", "0"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(claims.abandoned(), [RequestId::new(9), RequestId::new(12)]);
        drop(claims.take(RequestId::new(9)).unwrap().unwrap());
        assert_eq!(
            claims.abandoned(),
            [RequestId::new(12)],
            "who takes it up and lets go of it is done with it"
        );
    }
}
