//! How far something is, told while it runs.

use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;

use crate::call_id::CallId;
use crate::session::{Audience, Event};
use crate::text;

/// How far a step is, or what is looked at before there is a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Progress {
    /// What it is doing, in a few words.
    pub phase: String,
    /// How many of its stages are behind it, where that is known.
    pub done: Option<u64>,
    /// How many stages it has, where that is known.
    pub total: Option<u64>,
}

impl Progress {
    /// A phase of which nothing can be counted.
    #[must_use]
    pub fn phase(words: impl AsRef<str>) -> Self {
        Self { phase: text::clean_line(words.as_ref()), done: None, total: None }
    }

    /// The same with so many of all stages behind it, which are never more than there are.
    #[must_use]
    pub fn behind(self, done: u64, total: u64) -> Self {
        Self { done: Some(done.min(total)), total: Some(total), ..self }
    }
}

/// `sending 12 bytes (1 of 4)`
impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.phase)?;
        match (self.done, self.total) {
            (Some(done), Some(total)) => write!(f, " ({done} of {total})"),
            (Some(_) | None, _) => Ok(()),
        }
    }
}

/// Takes what a step tells while it runs, or an action while it looks, for whoever listens, and keeps the last of it.
pub(crate) struct Reporter<'a> {
    audience: &'a dyn Audience,
    call: CallId,
    step: Option<usize>,
    last: Mutex<Option<Progress>>,
}

impl<'a> Reporter<'a> {
    /// For one step of a call, counted from 0.
    pub(super) fn new(audience: &'a dyn Audience, call: CallId, step: usize) -> Self {
        Self { audience, call, step: Some(step), last: Mutex::new(None) }
    }

    /// For a call that has no plan yet, or will have none.
    pub(crate) fn before_steps(audience: &'a dyn Audience, call: CallId) -> Self {
        Self { audience, call, step: None, last: Mutex::new(None) }
    }

    /// Tells how far it is; the same is not told twice.
    pub(crate) fn tell(&self, progress: Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&progress) {
            return;
        }
        *last = Some(progress.clone());
        drop(last);
        self.audience.hear(Event::Progress { call: self.call, step: self.step, progress });
    }

    /// What was told last.
    pub(super) fn last(self) -> Option<Progress> {
        self.last.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
