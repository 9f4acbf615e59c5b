//! The session actor: one task that owns a session and all its channels.
//!
//! It steps every channel until a whole round moves nothing, and then waits for the socket, a job, a caller who
//! gave up, or the next point in time that matters. Nothing else ever touches libssh2.

mod handle;
mod job;
mod op;
mod scoop;
mod streams;
mod ticket;
mod tunnel;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use nixi_core::Sink;
use ssh2::Channel;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

pub(crate) use handle::Handle;
pub(crate) use job::{Exec, Failure, Opening, Trace, WhenFull, random};
pub(crate) use streams::{SoFar, keep};
pub(crate) use tunnel::NoTunnel;

use crate::connect::Link;
use job::Job;
use op::{Op, Step, is_open};
use scoop::{Scoop, Worth, flooded};
use tunnel::{Clogged, Tunnels, clogs_at};

/// How many commands run at once: sshd allows 10 sessions a connection (`MaxSessions`), and a probe needs one.
const CHANNELS: usize = 8;
/// How often the other side is asked for a sign of life.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// How long a connection stays that nobody uses.
const IDLE: Duration = Duration::from_secs(600);
/// How often a node that opens no channel at all is asked again.
const REFUSALS: u32 = 6;
/// How long a queue may stand still before who waits in it is sent to another connection.
const STANDSTILL: Duration = Duration::from_millis(400);
/// How long a caller, whose command was given up, waits for it to be stopped on the node.
const STOPPED_WITHIN: Duration = Duration::from_millis(800);
/// How long it goes on without a pause before other tasks get their turn.
const TURN: Duration = Duration::from_millis(4);

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// The first one to a node, for everything. Who waits there for long is sent on to the other.
    Main,
    /// A second one, for what would delay others or would be delayed by them. Who comes here waits.
    Side,
}

struct Actor {
    link: Link,
    inbox: mpsc::Receiver<Job>,
    wake: Arc<Notify>,
    patience: Duration,
    lane: Lane,
    waiting: VecDeque<Job>,
    /// When a job last left the queue.
    last_turn: Instant,
    ops: Vec<Op>,
    /// Channels that carry other sessions; they take no place of a command.
    tunnels: Tunnels,
    clogged: Clogged,
    /// A channel that is open already: opening one takes a round trip, better while nobody waits. For reads alone.
    spare: Option<Channel>,
    /// A command has ended since a spare channel was last opened.
    wants_spare: bool,
    /// How many commands may run at once, as far as the node let us find out.
    cap: usize,
    refusals: u32,
    /// Not before this is a channel asked for again.
    retry_at: Option<Instant>,
    last_heard: Instant,
    last_used: Instant,
    next_probe: Instant,
    /// When the clock was last looked at; what was due before was seen to.
    looked: Instant,
    scoop: Scoop,
}

/// Why the loop pauses no longer.
enum Event {
    Job(Option<Box<Job>>),
    Look,
    Socket(std::io::Result<tokio::io::Ready>),
}

impl Actor {
    fn new(
        link: Link,
        inbox: mpsc::Receiver<Job>,
        wake: Arc<Notify>,
        patience: Duration,
        lane: Lane,
    ) -> Self {
        let now = Instant::now();
        let scoop = Scoop::of(&link);
        Self {
            link,
            inbox,
            wake,
            patience,
            lane,
            waiting: VecDeque::new(),
            last_turn: now,
            ops: Vec::new(),
            tunnels: Tunnels::default(),
            clogged: Clogged::default(),
            spare: None,
            wants_spare: false,
            cap: CHANNELS,
            refusals: 0,
            retry_at: None,
            last_heard: now,
            last_used: now,
            next_probe: now + PROBE_EVERY,
            looked: now,
            scoop,
        }
    }

    async fn run(mut self) {
        let why = self.serve().await;
        // From here on every new job is told that it was not sent.
        self.inbox.close();
        while let Ok(job) = self.inbox.try_recv() {
            self.waiting.push_back(job);
        }
        self.ops.iter_mut().for_each(|op| op.session_ended(&why));
        self.waiting.iter_mut().for_each(|job| job.session_ended(&why));
        let _ = self.link.session.disconnect(None, "done", None);
        let _ = self.link.send(&mut self.scoop.bytes);
    }

    /// Serves until the session is over; why it is.
    async fn serve(&mut self) -> String {
        let mut resumed = Instant::now();
        let mut still: u32 = 0;
        loop {
            if let Some(why) = self.look_at_the_clock() {
                return why;
            }
            self.open_next();
            match self.round() {
                Err(why) => return why,
                Ok(true) => still = 0,
                Ok(false) => still += 1,
            }
            if !self.may_pause(still) {
                if self.looked.duration_since(resumed) >= TURN {
                    tokio::task::yield_now().await;
                    resumed = Instant::now();
                }
                if let Ok(job) = self.inbox.try_recv() {
                    self.waiting.push_back(job);
                }
                continue;
            }
            if self.link.has_ended() && self.ops.iter().all(|op| op.stalled().is_none()) {
                // All that it had said was read, and nothing will follow.
                return "the node closed the connection".to_owned();
            }
            still = 0;
            match self.pause().await {
                Event::Job(Some(job)) => self.waiting.push_back(*job),
                Event::Job(None) => return "nobody uses it any more".to_owned(),
                Event::Look => {}
                Event::Socket(Ok(_)) => {}
                Event::Socket(Err(error)) => return error.to_string(),
            }
            resumed = Instant::now();
        }
    }

    /// Gives libssh2 a portion of what has come, steps everything, and sends on what is to go out; whether anything moved.
    fn round(&mut self) -> Result<bool, String> {
        let given = self.link.give(&mut self.scoop.bytes);
        let stepped = self.step_all()?;
        if stepped || given.as_ref().is_ok_and(|given| *given) {
            self.last_heard = Instant::now();
        }
        let sent = self.link.send(&mut self.scoop.bytes).map_err(|error| error.to_string())?;
        // What it said before its end was for somebody.
        let given = given.map_err(|error| error.to_string())?;
        match self.scoop.judge(&self.link, || waiting(&self.ops) + self.tunnels.waiting()) {
            Worth::Sound => {}
            Worth::Worn => self.clogged.wear_out(),
            Worth::Flooded => {
                self.clogged.flood();
                return Err(flooded());
            }
        }
        Ok(given || stepped || sent)
    }

    /// Whether there is nothing left to step. With several ops one still round is not enough: what one read from the
    /// socket may be for another that had its step before. Nor is an empty hand of libssh2 always an empty socket; but
    /// if it takes nothing at all, it waits for something else.
    fn may_pause(&self, still: u32) -> bool {
        match still {
            0 => false,
            1 if self.ops.len() > 1 || !self.tunnels.is_empty() => false,
            1..=8 => (self.ops.is_empty() && self.tunnels.is_empty()) || !self.link.has_unread(),
            _ => true,
        }
    }

    async fn pause(&mut self) -> Event {
        let until = self.next_look();
        tokio::select! {
            job = self.inbox.recv() => Event::Job(job.map(Box::new)),
            () = first_with_room(self.ops.iter().filter_map(Op::stalled)) => Event::Look,
            () = self.wake.notified() => Event::Look,
            ready = self.link.ready() => Event::Socket(ready),
            () = self.tunnels.ready() => Event::Look,
            () = sleep_until(until) => Event::Look,
        }
    }

    /// The next point in time at which something is due.
    fn next_look(&self) -> Instant {
        let patience = self.patience;
        let due = self.ops.iter().flat_map(|op| {
            let silent = waits_for_the_node(op).then(|| op.opened.max(self.last_heard) + patience);
            [op.deadline, op.closing_since.map(|since| since + patience), silent, clogs_at(op), op.told_at()]
        });
        let stops =
            self.waiting.iter().filter(|job| job.is_stop()).map(|job| Some(job.since + STOPPED_WITHIN));
        let due = due
            .chain(stops)
            .chain([self.retry_at, self.crowded_at()])
            .flatten()
            .filter(|at| *at > self.looked);
        due.fold(self.next_probe, Instant::min)
    }

    /// When those who wait have waited for so long, and nobody else has got a turn, that another connection is better.
    fn crowded_at(&self) -> Option<Instant> {
        let longest = self.waiting.iter().filter(|job| job.may_move()).map(|job| job.since).min()?;
        let full = self.lane == Lane::Main && self.active() >= self.cap;
        full.then(|| longest.max(self.last_turn) + STANDSTILL)
    }

    /// Sends those who wait to another connection.
    fn disperse(&mut self) {
        let (crowd, rest): (VecDeque<Job>, _) = self.waiting.drain(..).partition(Job::may_move);
        self.waiting = rest;
        crowd.into_iter().for_each(|mut job| job.answer(Err(Failure::Crowded)));
    }

    /// Everything that is due. A reason, if the session is over.
    fn look_at_the_clock(&mut self) -> Option<String> {
        let now = Instant::now();
        self.looked = now;
        self.waiting.retain(|job| !job.ticket.is_given_up());
        for op in &mut self.ops {
            let stop = if op.job.ticket.is_given_up() && op.closing_since.is_none() {
                op.abandon(Failure::Cancelled)
            } else if let Some(allowed) = op.overdue(now) {
                op.abandon(Failure::Deadline(allowed))
            } else {
                op.stop()
            };
            if let Some(stop) = stop {
                self.waiting.push_front(stop);
            }
            if op.told_at().is_some_and(|at| at <= now) {
                op.tell();
            }
        }
        let late = |job: &&mut Job| job.is_stop() && job.since + STOPPED_WITHIN <= now;
        self.waiting.iter_mut().filter(late).for_each(Job::give_up);
        if self.crowded_at().is_some_and(|at| at <= now) {
            self.disperse();
        }
        self.unclog(now);
        let silent =
            |op: &Op| waits_for_the_node(op) && op.opened.max(self.last_heard) + self.patience <= now;
        if self.ops.iter().any(silent) {
            return Some(format!("the node did not answer for {:?}", self.patience));
        }
        let stuck = |op: &Op| op.closing_since.is_some_and(|since| since + self.patience <= now);
        // Behind a command that does not get through no other can be sent.
        if self.ops.iter().any(|op| op.is_sending() && stuck(op)) {
            return Some("the node does not answer a command".to_owned());
        }
        // Channels that the node does not close are places lost there; without any other there is nothing to save.
        if self.tunnels.is_empty() && !self.ops.is_empty() && self.ops.iter().all(stuck) {
            return Some("the node does not close its channels".to_owned());
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
        let in_use = self.ops.iter().any(|op| !op.job.is_probe()) || !self.tunnels.is_empty();
        if in_use || !self.waiting.is_empty() {
            self.last_used = now;
        } else {
            // Whatever limited it may be gone when it is used again.
            self.cap = CHANNELS;
        }
        if self.next_probe <= now {
            self.next_probe = now + PROBE_EVERY;
            if now.duration_since(self.last_used) >= IDLE {
                return Some("nobody used it for a while".to_owned());
            }
            let probing = self.waiting.iter().chain(self.ops.iter().map(|op| &op.job)).any(Job::is_probe);
            // An idle session is probed even if it was heard: that is when what it said is read.
            if !probing && (self.ops.is_empty() || now.duration_since(self.last_heard) >= PROBE_EVERY) {
                self.waiting.push_front(Job::probe());
            }
        }
        None
    }

    /// Gives the next job its turn, if there is a place. One at a time is being opened.
    fn open_next(&mut self) {
        if self.retry_at.is_some() || self.ops.iter().any(Op::is_opening) {
            return;
        }
        let urgent = self.waiting.front().is_some_and(Job::is_urgent);
        if (urgent || self.active() < self.cap)
            && let Some(job) = self.waiting.pop_front()
        {
            self.last_turn = Instant::now();
            let op = match self.spare_for(&job) {
                Some(channel) => Op::with_channel(job, channel),
                None => Op::new(job),
            };
            self.ops.push(op);
        }
        if self.wants_spare && self.spare.is_none() && self.ops.is_empty() {
            self.wants_spare = false;
            self.ops.push(Op::new(Job::spare()));
        }
    }

    /// The spare channel, if the job may have it and the node has not closed it meanwhile.
    fn spare_for(&mut self, job: &Job) -> Option<Channel> {
        if !job.is_exec() || job.needs_proof() {
            return None;
        }
        let channel = self.spare.take()?;
        if is_open(&channel, &mut self.scoop) {
            return Some(channel);
        }
        self.ops.push(Op::closing(channel));
        None
    }

    /// How many places our commands take; those that were given up are not ours any more.
    fn active(&self) -> usize {
        self.ops.iter().filter(|op| !op.given_up).count()
    }

    /// One step for each op; whether anything moved.
    fn step_all(&mut self) -> Result<bool, String> {
        let mut moved = false;
        let mut at = 0;
        while at < self.ops.len() {
            let may_send = !self.ops.iter().any(Op::is_sending);
            let Some(op) = self.ops.get_mut(at) else { break };
            match op.step(&self.link.session, may_send, &mut self.scoop) {
                Step::Blocked => {}
                Step::Moved => moved = true,
                Step::Dead(why) => return Err(why),
                Step::Done => {
                    let op = self.ops.swap_remove(at);
                    self.wants_spare |= op.job.is_exec() && !op.given_up;
                    self.refusals = 0;
                    moved = true;
                    continue;
                }
                Step::Spare(channel) => {
                    self.ops.swap_remove(at);
                    self.spare = Some(channel);
                    moved = true;
                    continue;
                }
                Step::Tunnel(channel) => {
                    let op = self.ops.swap_remove(at);
                    self.begin_tunnel(op.job, channel);
                    moved = true;
                    continue;
                }
                Step::NoChannel => {
                    let op = self.ops.swap_remove(at);
                    self.no_channel(op.job)?;
                    moved = true;
                    continue;
                }
            }
            at += 1;
        }
        Ok(self.step_tunnels() || moved)
    }

    /// The node has as many channels as it allows: not a fault, but a bound. The job waits for a place; if none is
    /// taken, a place may just be on its way back, so it is asked again for a while. If what was given up holds them
    /// all, the session is of no use.
    fn no_channel(&mut self, mut job: Job) -> Result<(), String> {
        if job.is_spare() || job.is_tunnel() {
            return Ok(());
        }
        if job.is_probe() {
            // A refusal is a sign of life too.
            job.alive();
            return Ok(());
        }
        if job.is_stop() {
            // What it is to stop may hold the last place itself: its caller does not wait for that.
            if job.since.elapsed() >= STOPPED_WITHIN {
                job.give_up();
                return Ok(());
            }
            self.retry_at = Some(Instant::now() + Duration::from_millis(100));
            self.waiting.push_front(job);
            return Ok(());
        }
        // So it is for whoever wanted to be sure; and the spare channel takes a place.
        if let Some(channel) = self.spare.take() {
            let usable = is_open(&channel, &mut self.scoop);
            if usable {
                self.ops.push(Op::with_channel(job, channel));
            } else {
                self.ops.push(Op::closing(channel));
                self.waiting.push_front(job);
            }
            return Ok(());
        }
        let active = self.active();
        self.cap = active.max(1);
        if active == 0 && !self.ops.is_empty() {
            self.waiting.push_front(job);
            return Err("commands that were given up still hold every place".to_owned());
        }
        if active == 0 {
            self.refusals += 1;
            if self.refusals > REFUSALS {
                job.answer(Err(Failure::Denied("the node opens no session for commands".to_owned())));
                return Ok(());
            }
            self.retry_at = Some(Instant::now() + Duration::from_millis(20 << self.refusals));
        }
        self.waiting.push_front(job);
        Ok(())
    }
}

/// Waits until one of the sinks has room; for ever, if there is none.
async fn first_with_room(sinks: impl Iterator<Item = &Sink>) {
    let rooms: Vec<_> = sinks.map(|sink| Box::pin(sink.room())).collect();
    if rooms.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(rooms).await;
}

/// What libssh2 keeps for commands that are going to take it.
fn waiting(ops: &[Op]) -> u64 {
    ops.iter().map(Op::waiting).sum()
}

/// Whether it is the node itself that owes an answer; of a tunnel it is the machine behind it.
fn waits_for_the_node(op: &Op) -> bool {
    op.is_opening() && !op.job.is_tunnel()
}
