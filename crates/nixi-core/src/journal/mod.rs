//! The journal: what was asked, what a person decided, and what became of every step.
//!
//! A session writes an [`Entry`] before a change is asked about, when it is decided, before each step and after it. Each is
//! on disk before the session goes on, so after a crash the journal names the step that may have run.
//!
//! **Invariant.** No step runs whose [`Entry::StepBegun`] could not be written.

mod entry;
mod history;
mod memory;
mod request_id;

use async_trait::async_trait;

pub use entry::{AskedPart, Consent, Entry, Undoing, Verdict};
pub(crate) use history::joined;
pub use history::{LoggedPart, LoggedStep, Request, State, history};
pub use memory::MemoryJournal;
pub use request_id::RequestId;

/// Where a session's entries are kept. The facade keeps them in a file.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes an entry; it is on disk when this returns. The result is the number of its line, from 1 on: for
    /// [`Entry::Asked`] the number of the request.
    ///
    /// # Errors
    /// Why it could not be written, as a sentence for people. Then nothing of it is kept.
    async fn write(&self, entry: Entry) -> Result<RequestId, String>;

    /// All lines, the oldest first. A line that cannot be read is left out.
    ///
    /// # Errors
    /// Why the journal cannot be read, as a sentence for people.
    async fn read(&self) -> Result<Vec<Line>, String>;

    /// Takes a request, so that nobody else runs it or judges it as cut off, until the claim is dropped or the process
    /// ends. `None` if somebody has it.
    ///
    /// # Errors
    /// Why that cannot be told, as a sentence for people.
    async fn claim(&self, request: RequestId) -> Result<Option<Claim>, String>;

    /// Requests whose process ended before they did. Cheap: it is asked whenever a session begins.
    async fn cut_off(&self) -> Vec<RequestId>;

    /// Checks that no line was changed, removed or moved since it was written.
    ///
    /// # Errors
    /// Why the journal cannot be read, as a sentence for people.
    async fn verify(&self) -> Result<Verified, String>;
}

/// An entry, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number, from 1 on.
    pub number: RequestId,
    /// When it was written, as RFC 3339 has it.
    pub at: String,
    /// The user who ran Nixi.
    pub by: Option<String>,
    /// What it says.
    pub entry: Entry,
}

/// What a check of the whole journal found.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Verified {
    /// How many lines there are.
    pub lines: u64,
    /// What is wrong, a sentence each. Nothing, if every line is as it was written.
    pub problems: Vec<String>,
    /// What is odd and no sign of a change, a sentence each.
    pub remarks: Vec<String>,
}

/// Holds a request until it is done with.
pub struct Claim(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Claim {
    /// A claim that is given up by this.
    #[must_use]
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claim")
    }
}
