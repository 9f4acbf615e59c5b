//! What commands and tunnels take out of a session, against all that the other side sends.
//!
//! libssh2 keeps what nobody takes: packets that it does not know, answers that nobody asked for. A node that sends much of
//! that is let go before it fills the memory.

use crate::connect::Link;

/// The least that a packet takes on the wire besides its data (RFC 4253, section 6; RFC 4254, section 5.2).
const FRAME: u64 = 36;
/// So much that was taken by nobody is no accident. A small packet takes four times its length in libssh2.
const LIMIT: u64 = 12 * 1024 * 1024;
/// What was taken came in frames too, and one read takes many packets at once: of an honest node, this part of all that it
/// sent may be frames that nobody counted (packets of 144 bytes, say).
const FRAMED: u64 = 4;
/// But no more than this, or who sends enough of what is taken could fill the memory beside it.
const MOST: u64 = 64 * 1024 * 1024;

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
        // Nobody needs to be asked of what is little.
        if left <= LIMIT / 2 { Worth::Sound } else { Worth::of(left.saturating_sub(waiting()), self.taken) }
    }
}

impl Worth {
    /// Of a session of which so much was taken, and so much is left that nobody will take. One with half of what is a flood
    /// gets nothing new to do.
    fn of(left: u64, taken: u64) -> Self {
        let limit = (LIMIT + taken / FRAMED).min(MOST);
        match left {
            left if left <= limit / 2 => Self::Sound,
            left if left <= limit => Self::Worn,
            _ => Self::Flooded,
        }
    }
}

/// Why a flooded session is over.
pub(super) fn flooded() -> String {
    format!("the node sent more than {} MiB of data that Nixi did not ask for", LIMIT / 1024 / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_worth_what_it_brings() {
        const MIB: u64 = 1024 * 1024;
        for (left, taken, worth) in [
            (6, 0, Worth::Sound),
            (7, 0, Worth::Worn),
            (12, 0, Worth::Worn),
            (13, 0, Worth::Flooded),
            // 300 MiB in packets of 144 bytes.
            (43, 172, Worth::Worn),
            (56, 172, Worth::Flooded),
            (25, 172, Worth::Sound),
            // However much was taken, the memory is not without end.
            (64, 1 << 40, Worth::Worn),
            (65, 1 << 40, Worth::Flooded),
        ] {
            assert_eq!(Worth::of(left * MIB, taken * MIB), worth, "{left} of {taken}");
        }
    }
}
