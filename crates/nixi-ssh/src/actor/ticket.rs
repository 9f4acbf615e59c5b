//! Whether a job was sent: decided once, by whoever comes first of the actor and a caller who gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

const WAITING: u8 = 0;
const SENT: u8 = 1;
const WITHDRAWN: u8 = 2;
const ABANDONED: u8 = 3;

/// Shared by a job in the actor and the caller who waits for it.
#[derive(Debug, Clone)]
pub(super) struct Ticket(Arc<AtomicU8>);

impl Ticket {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(WAITING)))
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// For the actor, just before the first byte of the command may go out. If not, nobody wants it any more.
    pub(super) fn send(&self) -> bool {
        self.turn(WAITING, SENT)
    }

    pub(super) fn was_sent(&self) -> bool {
        matches!(self.0.load(Ordering::SeqCst), SENT | ABANDONED)
    }

    pub(super) fn is_given_up(&self) -> bool {
        matches!(self.0.load(Ordering::SeqCst), WITHDRAWN | ABANDONED)
    }
}

/// The caller's side: giving up is what happens when it is dropped unanswered.
pub(super) struct Stake {
    ticket: Ticket,
    wake: Arc<Notify>,
    answered: bool,
}

impl Stake {
    pub(super) fn new(ticket: Ticket, wake: Arc<Notify>) -> Self {
        Self { ticket, wake, answered: false }
    }

    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Gives up; whether the command had been sent.
    pub(super) fn give_up(self) -> bool {
        !self.ticket.turn(WAITING, WITHDRAWN) && self.ticket.was_sent()
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        if !self.answered {
            let _ = self.ticket.turn(WAITING, WITHDRAWN) || self.ticket.turn(SENT, ABANDONED);
            self.wake.notify_one();
        }
    }
}
