//! One job on one channel, step by step. No step waits.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use libssh2_sys::{LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED};
use nixi_core::{Exit, Piece, Sink};
use ssh2::{Channel, Session};
use tokio::time::Instant;

use super::STOPPED_WITHIN;
use super::job::{Exec, Failure, Job, Work};
use super::scoop::Scoop;
use super::streams::Streams;
use crate::connect::{code, would_block};

/// The most bytes one step takes from one stream, so that a chatty command does not starve the others.
const GULP: usize = 256 * 1024;
/// The most bytes of a streamed answer that libssh2 is asked for at once. It widens the window by as much, and tells the
/// node so for every packet if this is a large part of the window (2 MiB).
const AT_ONCE: usize = 128 * 1024;
/// The most bytes that are handed to libssh2 at once; it makes one packet of them (RFC 4253, section 6.1).
const PACKET: usize = 32 * 1024;

/// How far a job is.
enum Phase {
    /// Waiting for the channel. libssh2 has one place for this a session, so one job at a time is here.
    Opening,
    /// It has its channel, and waits until no other command is on its way out.
    Opened(Channel),
    /// The command is on its way out. While libssh2 waits for the answer to one, it takes the answer to another for a
    /// failure: one job at a time is here.
    Sending(Channel),
    /// It runs, and may still be reading its input.
    Running(Channel),
    /// Both streams have ended; the exit status is on its way.
    Ending(Channel),
    /// Nobody waits for it any more, or all is known.
    Closing(Channel),
    /// Nothing is left to do.
    Done,
}

/// How much of its input a command has got.
enum Input {
    /// So many bytes.
    Sent(usize),
    /// All, and the end of it; or it has stopped reading.
    Ended,
}

/// What a step led to.
pub(super) enum Step {
    /// Nothing to do until the socket is ready.
    Blocked,
    /// Something moved.
    Moved,
    /// The node opens no further channel now; the job was not sent.
    NoChannel,
    /// The channel is gone, and so is the op.
    Done,
    /// The op is over, and this is what it was for.
    Spare(Channel),
    /// Likewise: it carries bytes from here on.
    Tunnel(Channel),
    /// The whole session is gone.
    Dead(String),
}

/// A job that has its turn.
pub(super) struct Op {
    pub(super) job: Job,
    phase: Phase,
    input: Input,
    streams: Streams,
    /// When it got its turn.
    pub(super) opened: Instant,
    /// When the command has to have ended, or begun to answer.
    pub(super) deadline: Option<Instant>,
    /// How much later it has to have ended than begun.
    grace: Option<Duration>,
    /// Since when nobody waits for it and only the closing is left.
    pub(super) closing_since: Option<Instant>,
    /// What its caller is told once it is stopped, which has to wait until it says where it runs.
    owed: Option<Failure>,
    /// Given up while it ran: sshd keeps its channel until the command ends, and we do not wait for that.
    pub(super) given_up: bool,
    sink_feed: SinkFeed,
}

impl Op {
    pub(super) fn new(job: Job) -> Self {
        Self {
            job,
            phase: Phase::Opening,
            input: Input::Sent(0),
            streams: Streams::default(),
            opened: Instant::now(),
            deadline: None,
            grace: None,
            closing_since: None,
            owed: None,
            given_up: false,
            sink_feed: SinkFeed::default(),
        }
    }

    /// A job that need not wait for its channel.
    pub(super) fn with_channel(job: Job, channel: Channel) -> Self {
        Self { phase: Phase::Opened(channel), ..Self::new(job) }
    }

    /// A channel that is of no use any more; it is closed in good order.
    pub(super) fn closing(channel: Channel) -> Self {
        let now = Instant::now();
        Self { phase: Phase::Closing(channel), closing_since: Some(now), ..Self::new(Job::spare()) }
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening)
    }

    /// Gives the command up; what remains is to close its channel in good order. A packet that is half sent must be
    /// finished first, so the phase changes only between steps.
    ///
    /// What may run on the node is stopped by a job of its own, after which the caller is answered; without one, the
    /// caller is answered now.
    pub(super) fn abandon(&mut self, answer: Failure) -> Option<Job> {
        self.deadline = None;
        self.given_up = true;
        self.closing_since.get_or_insert_with(Instant::now);
        self.leave_so_far();
        if self.job.ticket.was_sent() && self.job.is_traced() {
            self.owed = Some(answer);
            return self.stop();
        }
        self.job.answer(Err(answer));
        None
    }

    /// The session is gone, and with it all that the command was still to say. Whoever was answered may be reading.
    pub(super) fn session_ended(&mut self, why: &str) {
        if self.job.reply.is_some() {
            self.leave_so_far();
        }
        self.job.session_ended(why);
    }

    fn leave_so_far(&self) {
        if let Some(so_far) = self.job.exec().and_then(|exec| exec.so_far.as_ref()) {
            so_far.leave(self.streams.so_far());
        }
    }

    /// The job that stops a command that was given up, as soon as it is known where it runs.
    pub(super) fn stop(&mut self) -> Option<Job> {
        let Work::Exec(exec) = &mut self.job.work else { return None };
        let line = self.owed.as_ref().and_then(|_| exec.stop(&self.streams))?;
        exec.sink = None;
        Some(Job::stop(line, self.owed.take()?, self.job.reply.take()))
    }

    /// When the caller of a command that was given up is told, whether or not it could be stopped by then: a node that has
    /// fallen silent, or a sudo that has not begun, holds up nobody.
    pub(super) fn told_at(&self) -> Option<Instant> {
        let since = match (&self.owed, self.job.is_stop()) {
            (Some(_), _) => self.closing_since?,
            (None, true) => self.job.since,
            (None, false) => return None,
        };
        self.job.reply.is_some().then(|| since + STOPPED_WITHIN)
    }

    /// Tells the caller, who has waited for long enough; what was begun goes on.
    pub(super) fn tell(&mut self) {
        match &self.owed {
            Some(owed) => self.job.answer(Err(owed.clone())),
            None => self.job.give_up(),
        }
    }

    /// How long the command was allowed to run, if it has not ended by now.
    pub(super) fn overdue(&self, now: Instant) -> Option<Duration> {
        self.deadline.filter(|deadline| *deadline <= now).and(self.job.exec()).map(|exec| exec.deadline)
    }

    /// The sink that has to have room before this can go on.
    pub(super) fn stalled(&self) -> Option<&Sink> {
        let sink = self.job.exec().and_then(|exec| exec.sink.as_ref());
        sink.filter(|_| matches!(self.phase, Phase::Running(_)) && self.sink_feed.held)
    }

    /// What libssh2 keeps for it.
    pub(super) fn waiting(&self) -> u64 {
        match &self.phase {
            Phase::Opened(channel)
            | Phase::Sending(channel)
            | Phase::Running(channel)
            | Phase::Ending(channel)
            | Phase::Closing(channel) => u64::from(channel.read_window().available),
            Phase::Opening | Phase::Done => 0,
        }
    }

    pub(super) fn is_sending(&self) -> bool {
        matches!(self.phase, Phase::Sending(_))
    }

    fn is_abandoned(&self) -> bool {
        self.closing_since.is_some()
    }

    /// Goes one step further; a command is sent only if it may be now.
    pub(super) fn step(&mut self, session: &Session, may_send: bool, scoop: &mut Scoop) -> Step {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Opening => self.open(session),
            Phase::Opened(channel) if self.is_abandoned() => self.moved(Phase::Closing(channel)),
            Phase::Opened(channel) if may_send => self.begin(channel),
            Phase::Opened(channel) => self.blocked(Phase::Opened(channel)),
            Phase::Sending(channel) => self.send(channel),
            Phase::Running(channel) if self.is_abandoned() && self.owed.is_none() => {
                self.moved(Phase::Closing(channel))
            }
            Phase::Running(channel) => self.run(channel, scoop),
            Phase::Ending(channel) => self.end(channel),
            Phase::Closing(channel) => self.close(channel, scoop),
            Phase::Done => Step::Done,
        }
    }

    fn moved(&mut self, phase: Phase) -> Step {
        self.phase = phase;
        Step::Moved
    }

    fn blocked(&mut self, phase: Phase) -> Step {
        self.phase = phase;
        Step::Blocked
    }

    fn open(&mut self, session: &Session) -> Step {
        let opened = match &self.job.work {
            Work::Tunnel(order) => session.channel_direct_tcpip(&order.host, order.port, None),
            Work::Exec(_) | Work::Stop(..) | Work::Probe | Work::Spare => session.channel_session(),
        };
        match opened {
            Ok(channel) if self.job.is_tunnel() && !self.is_abandoned() => Step::Tunnel(channel),
            Ok(channel) if self.job.is_probe() => {
                self.job.alive();
                self.closing_since = Some(Instant::now());
                self.moved(Phase::Closing(channel))
            }
            Ok(channel) if self.job.is_spare() => Step::Spare(channel),
            Ok(channel) => self.moved(Phase::Opened(channel)),
            Err(error) if would_block(&error) => self.blocked(Phase::Opening),
            Err(error) if code(&error) == LIBSSH2_ERROR_CHANNEL_FAILURE => {
                self.job.tunnel_refused(&error);
                Step::NoChannel
            }
            Err(error) => dead(&error),
        }
    }

    /// From here on the command counts as sent, unless its caller has just given up.
    fn begin(&mut self, channel: Channel) -> Step {
        let Some(exec) = self.job.exec() else { return self.moved(Phase::Closing(channel)) };
        if self.job.ticket.send() {
            let first = exec.begins_within.map_or(exec.deadline, |within| within.min(exec.deadline));
            (self.deadline, self.grace) = (Some(Instant::now() + first), Some(exec.deadline - first));
            return self.moved(Phase::Sending(channel));
        }
        self.job.answer(Err(Failure::CancelledUnsent));
        self.closing_since.get_or_insert_with(Instant::now);
        self.moved(Phase::Closing(channel))
    }

    fn send(&mut self, mut channel: Channel) -> Step {
        let Some(Exec { line, .. }) = self.job.exec() else { return Step::Done };
        match channel.exec(line) {
            Ok(()) => self.moved(Phase::Running(channel)),
            Err(error) if would_block(&error) => self.blocked(Phase::Sending(channel)),
            Err(error) if code(&error) == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED => {
                // Nothing runs that would have to be stopped.
                let why = "the node refuses to run commands for this login".to_owned();
                self.job.answer(Err(Failure::Denied(why)));
                self.deadline = None;
                self.closing_since.get_or_insert_with(Instant::now);
                self.moved(Phase::Closing(channel))
            }
            Err(error) => dead(&error),
        }
    }

    /// Both streams are drained every time, and in between the input goes out: one that is full would block the
    /// others.
    fn run(&mut self, mut channel: Channel, scoop: &mut Scoop) -> Step {
        let Some(exec) = self.job.exec() else { return self.moved(Phase::Closing(channel)) };
        let mut moved =
            match feed(&mut channel, exec.input.as_ref().map(nixi_core::Input::bytes), &mut self.input) {
                Ok(some) => some,
                Err(error) => return dead(&error),
            };
        let streams = &mut self.streams;
        let stdout = match &exec.sink {
            Some(sink) => self.sink_feed.step(&channel, sink, scoop),
            None => drain(&channel, false, scoop, |bytes| streams.take_stdout(bytes, exec)),
        };
        match stdout {
            Ok(0) => {}
            Ok(_) => {
                moved = true;
                self.deadline = self.deadline.map(|begun| begun + self.grace.take().unwrap_or_default());
            }
            Err(why) => return Step::Dead(why),
        }
        // That has taken all from the socket that it could; with nothing in libssh2 now, a second look is for nothing.
        if channel.read_window().available > 0 {
            match drain(&channel, true, scoop, |bytes| streams.take_stderr(bytes, exec)) {
                Ok(bytes) => moved |= bytes > 0,
                Err(why) => return Step::Dead(why),
            }
        }
        match (channel.eof(), moved) {
            (true, _) => self.moved(Phase::Ending(channel)),
            (false, true) => self.moved(Phase::Running(channel)),
            (false, false) => self.blocked(Phase::Running(channel)),
        }
    }

    /// The node closes the channel after it told the exit status, so that is waited for.
    fn end(&mut self, mut channel: Channel) -> Step {
        if self.is_abandoned() {
            return self.moved(Phase::Closing(channel));
        }
        match channel.wait_close() {
            Err(error) if would_block(&error) => self.blocked(Phase::Ending(channel)),
            Err(error) => dead(&error),
            Ok(()) => {
                let ended = self.job.exec().and_then(|exec| self.streams.end(exec, || exit(&channel)));
                let untold =
                    || "the node closed the channel and did not say how the command ended".to_owned();
                self.deadline = None;
                self.job.answer(ended.ok_or_else(|| Failure::Lost(untold())));
                self.closing_since = Some(Instant::now());
                self.moved(Phase::Closing(channel))
            }
        }
    }

    fn close(&mut self, mut channel: Channel, scoop: &mut Scoop) -> Step {
        // A half-sent window adjustment has to go out before the close can.
        let mut moved = false;
        for stderr in [false, true] {
            match drain(&channel, stderr, scoop, |_| {}) {
                Ok(bytes) => moved |= bytes > 0,
                Err(why) => return Step::Dead(why),
            }
        }
        match channel.close() {
            Ok(()) => Step::Done,
            Err(error) if !would_block(&error) => dead(&error),
            Err(_) if moved => self.moved(Phase::Closing(channel)),
            Err(_) => self.blocked(Phase::Closing(channel)),
        }
    }
}

fn dead(error: &ssh2::Error) -> Step {
    Step::Dead(format!("{} (libssh2 {})", error.message(), code(error)))
}

/// Whether a spare channel can still be used, after all that the node has said meanwhile.
pub(super) fn is_open(channel: &Channel, scoop: &mut Scoop) -> bool {
    [false, true].into_iter().all(|stderr| drain(channel, stderr, scoop, |_| {}) == Ok(0)) && !channel.eof()
}

/// Sends what is left of the input, and at last its end: without that, a command that reads would wait for ever.
/// Whether anything went out.
fn feed(channel: &mut Channel, input: Option<&[u8]>, state: &mut Input) -> Result<bool, ssh2::Error> {
    let Input::Sent(mut sent) = *state else { return Ok(false) };
    let input = input.unwrap_or_default();
    let before = sent;
    // After a step that blocked, libssh2 has to be given the very same bytes again: the bounds follow from `sent`.
    while sent < input.len() && sent - before < GULP {
        let next = input.get(sent..input.len().min(sent + PACKET)).unwrap_or_default();
        match channel.write(next) {
            // The window is full.
            Ok(0) => break,
            Ok(length) => sent += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // It reads no more, as `head` does; if the whole session is gone, the next read tells.
            Err(_) => {
                *state = Input::Ended;
                return Ok(true);
            }
        }
    }
    *state = Input::Sent(sent);
    if sent < input.len() {
        return Ok(sent > before);
    }
    match channel.send_eof() {
        Ok(()) => {
            *state = Input::Ended;
            Ok(true)
        }
        Err(error) if would_block(&error) => Ok(sent > before),
        Err(error) => Err(error),
    }
}

/// What of an answer is on its way into a sink.
#[derive(Default)]
struct SinkFeed {
    /// The piece that is being filled.
    piece: Option<Piece>,
    /// Something was left unread, as the sink was full. That it has room again by now is no reason not to wait for it:
    /// what was left lies in libssh2, and the socket will not tell of it.
    held: bool,
}

impl SinkFeed {
    /// Takes what standard output has, as long as there is room for it; how many bytes that was. A piece is handed on
    /// when it is full, or when nothing follows at once.
    fn step(&mut self, channel: &Channel, sink: &Sink, scoop: &mut Scoop) -> Result<usize, String> {
        let mut stream = channel.stream(0);
        let mut total = 0;
        while total < GULP {
            // Nobody else puts anything in, so there is room for a piece that was begun.
            self.held = !sink.has_room();
            if self.held {
                return Ok(total);
            }
            let piece = self.piece.get_or_insert_with(|| sink.piece());
            let rest = piece.rest();
            let asked = rest.len().min(AT_ONCE);
            let length = match stream.read(rest.get_mut(..asked).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                read => read.map_err(|error| error.to_string())?,
            };
            piece.fill(length);
            scoop.count(length);
            total += length;
            if piece.is_full() || (length < asked && (total == 0 || channel.eof())) {
                self.piece.take().into_iter().for_each(|piece| sink.put(piece));
            }
            if length < asked {
                break;
            }
        }
        Ok(total)
    }
}

/// Takes what a stream has; how many bytes that was.
fn drain(
    channel: &Channel,
    stderr: bool,
    scoop: &mut Scoop,
    mut take: impl FnMut(&[u8]),
) -> Result<usize, String> {
    let mut stream = channel.stream(i32::from(stderr));
    let mut total = 0;
    while total < GULP {
        match stream.read(&mut scoop.bytes) {
            Ok(0) => break,
            Ok(length) => {
                scoop.count(length);
                take(scoop.bytes.get(..length).unwrap_or_default());
                total += length;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(total)
}

/// How the command ended, as far as libssh2 tells. The signal first: with one, the status would be a false 0. It is a
/// false 0 as well if the node told neither; see [`nixi_core::shell::Witness`].
fn exit(channel: &Channel) -> Exit {
    let signal = channel.exit_signal().ok().and_then(|signal| signal.exit_signal);
    match signal {
        Some(name) => Exit::Signal(name.chars().filter(char::is_ascii_alphanumeric).take(16).collect()),
        None => Exit::Code(channel.exit_status().unwrap_or(-1)),
    }
}
