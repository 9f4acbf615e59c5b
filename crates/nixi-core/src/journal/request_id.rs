//! What a request is called in the journal.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::word::BadWord;

/// The number of a request: that of the line with which it begins in the journal. It stays the same over all sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RequestId(u64);

impl RequestId {
    /// The request with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = BadWord;
    fn from_str(word: &str) -> Result<Self, BadWord> {
        let bad = || BadWord::new("the number of a request", word, "`nixi log` shows the numbers");
        word.parse().ok().filter(|number| *number > 0).map(Self).ok_or_else(bad)
    }
}
