//! What a call on a node is called.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names one call on one node, for as long as its session lives: events, results and reviews that carry the same number are
/// about the same call.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CallId(u64);

impl CallId {
    /// The call of that number. It says nothing of what the call may do.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Gives each call of a session its number, from 1 on.
#[derive(Debug, Default)]
pub(crate) struct CallIds(AtomicU64);

impl CallIds {
    pub(crate) fn next(&self) -> CallId {
        CallId(1 + self.0.fetch_add(1, Ordering::Relaxed))
    }
}
