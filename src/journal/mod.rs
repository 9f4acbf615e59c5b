//! The journal on disk: a file of lines, each of which holds the digest of the one before it.
//!
//! A line is JSON: its number `n`, the SHA-256 of the line before it as `prev`, when (`at`) and by whom (`by`) it was written,
//! and the `entry`. Beside it, `journal.head` names the last line, so that lines which are missing at the end are
//! noticed. Both are flushed to the disk before a change goes on. Whoever may write the user's files can forge all of it;
//! it shows accidents, and changes by whoever does not know how it is made.

mod claims;
mod file;
mod head;
mod verify;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use nixi_core::journal::{Claim, Entry, Journal, Line, RequestId, Verified};

use self::claims::Claims;
use self::file::JournalFile;

/// The journal of a user, below a folder of theirs; it is made when it is needed.
#[derive(Debug, Clone)]
pub(crate) struct DiskJournal(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    file: JournalFile,
    claims: Claims,
}

impl DiskJournal {
    /// `by` is the user who runs this.
    pub(crate) fn new(folder: PathBuf, by: Option<String>) -> Self {
        let claims = Claims::new(folder.join("running"));
        Self(Arc::new(Kept { file: JournalFile::new(folder, by), claims }))
    }

    /// Off the runtime's threads: the disk may be slow, and another Nixi may hold the lock for a while.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Kept) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let kept = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&kept)).await;
        done.unwrap_or_else(|error| Err(format!("the journal broke off: {error}")))
    }
}

#[async_trait]
impl Journal for DiskJournal {
    async fn write(&self, entry: Entry) -> Result<RequestId, String> {
        self.with(move |kept| kept.file.append(&entry)).await
    }

    async fn read(&self) -> Result<Vec<Line>, String> {
        self.with(|kept| kept.file.lines()).await
    }

    async fn claim(&self, request: RequestId) -> Result<Option<Claim>, String> {
        self.with(move |kept| kept.claims.take(request)).await
    }

    async fn cut_off(&self) -> Vec<RequestId> {
        self.with(|kept| Ok(kept.claims.abandoned())).await.unwrap_or_default()
    }

    async fn verify(&self) -> Result<Verified, String> {
        self.with(|kept| kept.file.verify()).await
    }
}
