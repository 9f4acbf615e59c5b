//! A journal that lasts as long as its process.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Claim, Entry, Journal, Line, RequestId, Verified};

/// Keeps all entries in memory: for programs that keep a record of their own, and for tests. After a crash it tells
/// nothing.
#[derive(Debug, Default, Clone)]
pub struct MemoryJournal {
    entries: Arc<Mutex<Vec<Entry>>>,
    claims: Arc<Mutex<BTreeSet<RequestId>>>,
}

impl MemoryJournal {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        held(&self.entries).clone()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(at: usize) -> RequestId {
    RequestId::new(at as u64)
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn write(&self, entry: Entry) -> Result<RequestId, String> {
        let mut entries = held(&self.entries);
        entries.push(entry);
        Ok(number(entries.len()))
    }

    async fn read(&self) -> Result<Vec<Line>, String> {
        let line = |(at, entry): (usize, &Entry)| {
            let (at, number) = (String::new(), number(at + 1));
            Line { number, at, by: None, entry: entry.clone() }
        };
        Ok(held(&self.entries).iter().enumerate().map(line).collect())
    }

    async fn claim(&self, request: RequestId) -> Result<Option<Claim>, String> {
        let claims = Arc::clone(&self.claims);
        let is_free = held(&self.claims).insert(request);
        Ok(is_free.then(|| {
            Claim::new(move || {
                held(&claims).remove(&request);
            })
        }))
    }

    async fn cut_off(&self) -> Vec<RequestId> {
        Vec::new()
    }

    async fn verify(&self) -> Result<Verified, String> {
        Ok(Verified { lines: held(&self.entries).len() as u64, ..Verified::default() })
    }
}
