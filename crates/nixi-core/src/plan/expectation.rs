//! What a plan relies on.

use sha2::{Digest, Sha256};

use crate::command::{Command, Read};

/// A read whose answer must not have changed between planning and applying.
#[derive(Debug, Clone)]
pub struct Expectation {
    says: String,
    read: Command<Read>,
    answer: [u8; 32],
}

impl Expectation {
    pub(crate) fn new(says: String, read: Command<Read>, stdout: &str) -> Self {
        Self { says, read, answer: Sha256::digest(stdout).into() }
    }

    /// What is relied on, for people.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.says
    }

    pub(crate) fn read(&self) -> &Command<Read> {
        &self.read
    }

    pub(crate) fn holds(&self, stdout: &[u8]) -> bool {
        let answer: [u8; 32] = Sha256::digest(String::from_utf8_lossy(stdout).as_ref()).into();
        answer == self.answer
    }

    pub(crate) fn answer(&self) -> &[u8; 32] {
        &self.answer
    }
}
