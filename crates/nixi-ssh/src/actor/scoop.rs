//! What commands and tunnels take out of a session, against all that the other side sends.
//!
//! libssh2 keeps what nobody takes: packets that it does not know, answers that nobody asked for. A node that sends much of
//! that is let go before it fills the memory.

use crate::connect::Link;

/// The least that a packet takes on the wire besides its data (RFC 4253, section 6; RFC 4254, section 5.2).
const FRAME: u64 = 36;
/// So much that was taken by nobody wears a session out: it gets nothing new to do. What frames small packets adds up to that as
/// well, in time.
const WORN: u64 = 6 * 1024 * 1024;
/// So much is no accident. A small packet takes four times its length in libssh2.
const LIMIT: u64 = 12 * 1024 * 1024;

/// The memory into which streams are read, and a count of what was.
pub(super) struct Scoop {
    pub(super) bytes: Vec<u8>,
    /// What the other side had sent before.
    before: u64,
    taken: u64,
}

/// What a session is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    Sound,
    Worn,
    Flooded,
}

impl Scoop {
    pub(super) fn of(link: &Link) -> Self {
        Self { bytes: vec![0; 32 * 1024], before: link.brought(), taken: 0 }
    }

    /// Counts what was read in one go.
    pub(super) fn count(&mut self, length: usize) {
        self.taken += length as u64 + if length > 0 { FRAME } else { 0 };
    }

    /// Judges what is left; `waiting` is told of data that somebody is still going to take.
    pub(super) fn judge(&self, link: &Link, waiting: impl FnOnce() -> u64) -> Worth {
        let left = link.brought().saturating_sub(self.before + self.taken);
        if left <= WORN {
            return Worth::Sound;
        }
        match left.saturating_sub(waiting()) {
            left if left <= WORN => Worth::Sound,
            left if left <= LIMIT => Worth::Worn,
            _ => Worth::Flooded,
        }
    }
}

/// Why a flooded session is over.
pub(super) fn flooded() -> String {
    format!("the node sent more than {} MiB of data that Nixi did not ask for", LIMIT / 1024 / 1024)
}
