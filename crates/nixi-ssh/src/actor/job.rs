//! What is asked of a session, and what comes back.

use std::time::Duration;

use nixi_core::{Exit, Output};
use tokio::sync::oneshot;

use super::ticket::Ticket;

/// One command line for the login shell.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    /// The line, quoted already.
    pub(crate) line: String,
    /// How long it may run once it was sent.
    pub(crate) deadline: Duration,
    /// The most bytes to keep of each stream.
    pub(crate) limit: usize,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Work {
    /// Run a command.
    Exec(Exec),
    /// Open a channel and close it: proof that the other side lives, and runs nothing.
    Probe,
    /// Open a channel and keep it for the next command, which then has no need to wait for one.
    Spare,
}

/// Why there is no output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The session ended before the command was sent.
    Unsent(String),
    /// The session ended after the command was sent.
    Lost(String),
    /// The node refused to run commands; it ran nothing.
    Denied(String),
    /// It did not end in time.
    Deadline(Duration),
    /// Given up before it was sent.
    CancelledUnsent,
    /// Given up after it was sent.
    Cancelled,
}

/// Work on its way through the actor.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) ticket: Ticket,
    /// Nobody waits for the actor's own probes.
    pub(super) reply: Option<oneshot::Sender<Result<Output, Failure>>>,
}

impl Job {
    /// A probe of the actor's own.
    pub(super) fn probe() -> Self {
        Self { work: Work::Probe, ticket: Ticket::new(), reply: None }
    }

    /// A channel for whoever comes next.
    pub(super) fn spare() -> Self {
        Self { work: Work::Spare, ticket: Ticket::new(), reply: None }
    }

    pub(super) fn is_exec(&self) -> bool {
        matches!(self.work, Work::Exec(_))
    }

    pub(super) fn is_spare(&self) -> bool {
        matches!(self.work, Work::Spare)
    }

    pub(super) fn is_probe(&self) -> bool {
        matches!(self.work, Work::Probe)
    }

    pub(super) fn answer(&mut self, answer: Result<Output, Failure>) {
        if let Some(reply) = self.reply.take() {
            // Whoever gave up does not listen.
            let _ = reply.send(answer);
        }
    }

    /// Tells the caller that the session is gone.
    pub(super) fn session_ended(&mut self, why: &str) {
        let sent = self.ticket.was_sent();
        self.answer(Err(if sent { Failure::Lost(why.to_owned()) } else { Failure::Unsent(why.to_owned()) }));
    }
}

/// The two streams of a command, each kept up to a limit and read to its end.
#[derive(Debug, Default)]
pub(super) struct Streams {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    truncated: bool,
}

impl Streams {
    pub(super) fn take_stdout(&mut self, bytes: &[u8], limit: usize) {
        self.truncated |= keep(&mut self.stdout, bytes, limit);
    }

    pub(super) fn take_stderr(&mut self, bytes: &[u8], limit: usize) {
        self.truncated |= keep(&mut self.stderr, bytes, limit);
    }

    pub(super) fn end(&mut self, exit: Exit) -> Output {
        let Self { stdout, stderr, truncated } = std::mem::take(self);
        Output { exit, stdout, stderr, truncated }
    }
}

/// Keeps what fits; whether something did not.
pub(crate) fn keep(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..room]);
    room < bytes.len()
}
