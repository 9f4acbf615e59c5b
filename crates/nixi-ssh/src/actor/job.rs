//! What is asked of a session, and what comes back.

use std::time::Duration;

use nixi_core::quote::Witness;
use nixi_core::{Exit, Output};
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::sync::oneshot;

use super::ticket::Ticket;
use super::tunnel::{NoTunnel, Order};

/// One command line for the login shell.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    /// The line, quoted already.
    pub(crate) line: String,
    /// How long it may run once it was sent.
    pub(crate) deadline: Duration,
    /// The most bytes to keep of each stream.
    pub(crate) limit: usize,
    /// Who has to tell how it ended; without one, an end that nobody told is taken for exit code 0.
    pub(crate) witness: Option<Witness>,
}

impl Exec {
    /// The same with a witness.
    pub(crate) fn witnessed(self) -> std::io::Result<Self> {
        let mut random = [0; 16];
        // The kernel gives as few bytes as these whole, or none.
        getrandom(&mut random, GetRandomFlags::empty())?;
        let witness = Witness::new(u128::from_ne_bytes(random));
        Ok(Self { line: witness.line(&self.line), witness: Some(witness), ..self })
    }
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
    /// Open a way to another machine.
    Tunnel(Order),
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

    /// Whether it may go out only where the node has just shown that it lives: what must not be sent twice should not
    /// be sent into the void. Opening a channel shows it; a spare one was opened long ago.
    pub(super) fn needs_proof(&self) -> bool {
        matches!(&self.work, Work::Exec(exec) if exec.witness.is_some())
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

    /// Tells the caller of a probe that the node lives.
    pub(super) fn alive(&mut self) {
        let (stdout, stderr) = (Vec::new(), Vec::new());
        self.answer(Ok(Output { exit: Exit::Code(0), stdout, stderr, truncated: false }));
    }

    /// Tells the caller that the session is gone.
    pub(super) fn session_ended(&mut self, why: &str) {
        self.no_tunnel(NoTunnel::Over(why.to_owned()));
        let sent = self.ticket.was_sent();
        self.answer(Err(if sent { Failure::Lost(why.to_owned()) } else { Failure::Unsent(why.to_owned()) }));
    }
}

/// The two streams of a command, each read to its end.
#[derive(Debug, Default)]
pub(super) struct Streams {
    stdout: Kept,
    stderr: Kept,
}

impl Streams {
    pub(super) fn take_stdout(&mut self, bytes: &[u8], limit: usize) {
        self.stdout.take(bytes, limit);
    }

    pub(super) fn take_stderr(&mut self, bytes: &[u8], limit: usize) {
        self.stderr.take(bytes, limit);
    }

    /// All of it, once both streams have ended: how the node says that the command ended, or its witness where there
    /// has to be one. Nothing, if that did not speak.
    pub(super) fn end(&mut self, exec: &Exec, exit: impl FnOnce() -> Exit) -> Option<Output> {
        let Self { stdout, mut stderr } = std::mem::take(self);
        let exit = match &exec.witness {
            Some(witness) => Exit::Code(stderr.testimony(witness)?),
            None => exit(),
        };
        let ((stdout, less), (stderr, fewer)) = (stdout.end(exec.limit), stderr.end(exec.limit));
        Some(Output { exit, stdout, stderr, truncated: less || fewer })
    }
}

/// What is kept of a stream: as much of its beginning as the limit allows, and its very end, where a witness speaks.
#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Something between the two was dropped.
    gap: bool,
}

impl Kept {
    fn take(&mut self, bytes: &[u8], limit: usize) {
        let (head, rest) = bytes.split_at(limit.saturating_sub(self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        let surplus = self.tail.len().saturating_sub(Witness::LONGEST);
        self.gap |= surplus > 0;
        self.tail.drain(..surplus);
    }

    /// Takes the testimony off the end.
    fn testimony(&mut self, witness: &Witness) -> Option<i32> {
        if !self.gap {
            self.head.append(&mut self.tail);
        }
        let end = if self.gap { &mut self.tail } else { &mut self.head };
        let (code, length) = witness.testimony(end)?;
        end.truncate(end.len() - length);
        Some(code)
    }

    /// The beginning, and whether that is not all.
    fn end(mut self, limit: usize) -> (Vec<u8>, bool) {
        let more = self.gap || !self.tail.is_empty() || self.head.len() > limit;
        self.head.truncate(limit);
        (self.head, more)
    }
}

/// Keeps what fits; whether something did not.
pub(crate) fn keep(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..room]);
    room < bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the limit falls, and however the bytes come in.
    #[test]
    fn a_testimony_is_found_behind_any_limit() {
        let witness = Witness::new(1);
        let exec = Exec { line: String::new(), deadline: Duration::ZERO, limit: 100, witness: Some(witness) };
        let testimony = format!("\n{:032x} 42\n", 1);
        for length in 0..400 {
            let said = vec![b'x'; length];
            for chunk in [1, 7, 1000] {
                let mut streams = Streams::default();
                let all = [said.as_slice(), testimony.as_bytes()].concat();
                all.chunks(chunk).for_each(|bytes| streams.take_stderr(bytes, exec.limit));
                let output = streams.end(&exec, || Exit::Code(0)).unwrap();
                assert_eq!(output.exit, Exit::Code(42));
                assert_eq!((output.stderr, output.truncated), (vec![b'x'; length.min(100)], length > 100));
            }
            let mut streams = Streams::default();
            streams.take_stderr(testimony.as_bytes(), exec.limit);
            streams.take_stderr(&said, exec.limit);
            assert_eq!(streams.end(&exec, || Exit::Code(0)).is_some(), length == 0);
        }
    }
}
