//! What is asked of a session, and what comes back.

use std::time::Duration;

use nixi_core::command::Elevation;
use nixi_core::shell::{self, Mark, Witness};
use nixi_core::{Exit, Input, Listener, Output, Sink};
use rustix::rand::{GetRandomFlags, getrandom};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::streams::{SoFar, Streams};
use super::ticket::Ticket;
use super::tunnel::{NoTunnel, Order};

/// More than this on its way in one command is better sent where it delays no other.
const BULK: usize = 256 * 1024;
/// How long the line that stops a command may take.
const STOPPING: Duration = Duration::from_secs(5);

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
    /// What it reads; without it, its input ends at once.
    pub(crate) input: Option<Input>,
    /// Where its standard output goes instead of being kept.
    pub(crate) sink: Option<Sink>,
    /// Who hears its standard error, which is kept all the same.
    pub(crate) listener: Option<Listener>,
    /// Where its standard error goes; a line for a login shell says it by itself.
    pub(crate) streams: shell::Streams,
    /// How it is found on the node if it has to be stopped.
    pub(crate) trace: Option<Trace>,
    /// What becomes of it where every place is taken.
    pub(crate) when_full: WhenFull,
    /// Where what it said is left if it does not end in time, or its session ends first.
    pub(crate) so_far: Option<SoFar>,
    /// Within what time its standard output has to begin, if that is shorter.
    pub(crate) begins_within: Option<Duration>,
    /// When it may go out over a connection that has run nothing yet.
    pub(crate) opening: Opening,
}

/// When a command may go out over a connection that has run nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Once the canary has come back.
    AfterCanary,
    /// Together with it: a foreign shell could make nothing else of it.
    WithCanary,
}

/// What a command does where every place is taken and none gets free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It asks for another connection.
    Moves,
    /// It waits; there is no other connection.
    Waits,
}

/// How a command that runs is found on its node.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) mark: Mark,
    pub(crate) elevation: Elevation,
}

/// A number that nobody can guess.
pub(crate) fn random() -> std::io::Result<u128> {
    let mut random = [0; 16];
    // The kernel gives as few bytes as these whole, or none.
    getrandom(&mut random, GetRandomFlags::empty())?;
    Ok(u128::from_ne_bytes(random))
}

impl Exec {
    /// A line that reads nothing.
    pub(crate) fn new(line: impl Into<String>, deadline: Duration, limit: usize) -> Self {
        Self {
            line: line.into(),
            deadline,
            limit,
            witness: None,
            input: None,
            sink: None,
            listener: None,
            streams: shell::Streams::Apart,
            trace: None,
            when_full: WhenFull::Moves,
            so_far: None,
            begins_within: None,
            opening: Opening::AfterCanary,
        }
    }

    /// The same with a witness. Its word is the end of standard error, so it goes out by itself.
    pub(crate) fn witnessed(self) -> std::io::Result<Self> {
        let witness = Witness::new(random()?);
        let line = witness.line(&self.line);
        Ok(Self { line, witness: Some(witness), opening: Opening::AfterCanary, ..self })
    }

    /// Whether it would delay others on the same connection.
    pub(crate) fn is_bulk(&self) -> bool {
        self.sink.is_some() || self.input.as_ref().is_some_and(|input| input.bytes().len() > BULK)
    }

    /// The line that stops it, as far as it can be found.
    pub(super) fn stop(&self, streams: &Streams) -> Option<Self> {
        let Trace { mark, elevation } = self.trace.as_ref()?;
        let line = match elevation {
            Elevation::LoginUser => mark.stop(),
            Elevation::Root => shell::stop_elevated(streams.announced(mark)?),
        };
        Some(Self::new(line, STOPPING, 0))
    }
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Work {
    /// Run a command.
    Exec(Exec),
    /// Run the line that stops another command, whose caller hears only then that it was given up.
    Stop(Exec, Failure),
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
    /// It was not sent: no command before it has got its turn for a while.
    Crowded,
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
    pub(super) reply: Option<Reply>,
    /// Since when it has waited for its turn.
    pub(super) since: Instant,
}

pub(super) type Reply = oneshot::Sender<Result<Output, Failure>>;

impl Job {
    pub(super) fn new(work: Work, ticket: Ticket, reply: Option<Reply>) -> Self {
        Self { work, ticket, reply, since: Instant::now() }
    }

    /// A probe of the actor's own.
    pub(super) fn probe() -> Self {
        Self::new(Work::Probe, Ticket::new(), None)
    }

    /// A channel for whoever comes next.
    pub(super) fn spare() -> Self {
        Self::new(Work::Spare, Ticket::new(), None)
    }

    /// The end of a command that was given up.
    pub(super) fn stop(line: Exec, verdict: Failure, reply: Option<Reply>) -> Self {
        Self::new(Work::Stop(line, verdict), Ticket::new(), reply)
    }

    /// The line that it sends, if it sends one.
    pub(super) fn exec(&self) -> Option<&Exec> {
        match &self.work {
            Work::Exec(exec) | Work::Stop(exec, _) => Some(exec),
            Work::Probe | Work::Spare | Work::Tunnel(_) => None,
        }
    }

    /// Whether it runs something for somebody else.
    pub(super) fn is_exec(&self) -> bool {
        matches!(self.work, Work::Exec(_))
    }

    /// Whether it is to stop another command.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self.work, Work::Stop(..))
    }

    /// Answers the caller of what was to be stopped, which may run on.
    pub(super) fn give_up(&mut self) {
        self.answer(Err(Failure::Cancelled));
    }

    /// Whether it can be found on the node.
    pub(super) fn is_traced(&self) -> bool {
        matches!(&self.work, Work::Exec(exec) if exec.trace.is_some())
    }

    /// Whether another connection would do as well.
    pub(super) fn may_move(&self) -> bool {
        matches!(&self.work, Work::Exec(exec) if exec.when_full == WhenFull::Moves)
    }

    /// Whether it has a place besides those of all others: sshd gives us two more.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self.work, Work::Probe | Work::Stop(..))
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
        let answer = match &self.work {
            Work::Stop(_, verdict) => Err(verdict.clone()),
            Work::Exec(_) | Work::Probe | Work::Spare | Work::Tunnel(_) => answer,
        };
        if let Work::Exec(exec) = &mut self.work {
            // Whoever takes what is streamed knows by this that nothing more will come.
            exec.sink = None;
        }
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
