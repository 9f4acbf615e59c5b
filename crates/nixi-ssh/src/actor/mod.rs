//! The session actor: one task that owns a session and all its channels.
//!
//! It steps every channel until a whole round moves nothing, and then waits for the socket, a job, a caller who
//! gave up, or the next point in time that matters. Nothing else ever touches libssh2.

mod job;
mod op;
mod ticket;
mod tunnel;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use nixi_core::Output;
use ssh2::Channel;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

pub(crate) use job::{Exec, Failure, keep};
pub(crate) use tunnel::NoTunnel;

use crate::connect::Link;
use job::{Job, Work};
use op::{Op, Step, is_open};
use ticket::{Stake, Ticket};
use tunnel::{Clogged, Tunnels, clogs_at};

/// How many commands run at once: sshd allows 10 sessions a connection (`MaxSessions`), and a probe needs one.
const CHANNELS: usize = 8;
/// How often the other side is asked for a sign of life.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// How long a connection stays that nobody uses.
const IDLE: Duration = Duration::from_secs(600);
/// How often a node that opens no channel at all is asked again.
const REFUSALS: u32 = 6;
/// How many rounds without a pause before other tasks get their turn.
const ROUNDS: u32 = 16;

/// The way to a session actor; when all are gone, it ends.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    jobs: mpsc::Sender<Job>,
    wake: Arc<Notify>,
    clogged: Clogged,
}

impl Handle {
    /// Starts an actor. A node that says nothing for `patience` while it owes an answer is taken for dead.
    pub(crate) fn start(link: Link, patience: Duration) -> Self {
        let (jobs, inbox) = mpsc::channel(CHANNELS);
        let wake = Arc::new(Notify::new());
        let actor = Actor::new(link, inbox, Arc::clone(&wake), patience);
        let clogged = Clogged::clone(&actor.clogged);
        tokio::spawn(actor.run());
        Self { jobs, wake, clogged }
    }

    /// Whether the session has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Runs a command.
    pub(crate) async fn exec(&self, exec: Exec, cancel: &CancellationToken) -> Result<Output, Failure> {
        self.ask(Work::Exec(exec), cancel).await
    }

    /// Asks for a sign of life.
    pub(crate) async fn probe(&self, cancel: &CancellationToken) -> Result<(), Failure> {
        self.ask(Work::Probe, cancel).await.map(drop)
    }

    async fn ask(&self, work: Work, cancel: &CancellationToken) -> Result<Output, Failure> {
        let ticket = Ticket::new();
        let mut stake = Stake::new(ticket.clone(), Arc::clone(&self.wake));
        let (reply, answer) = oneshot::channel();
        let job = Job { work, ticket: ticket.clone(), reply: Some(reply) };
        let asked = async {
            match self.jobs.send(job).await {
                Ok(()) => answer.await.ok(),
                Err(_) => None,
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                Err(if stake.give_up() { Failure::Cancelled } else { Failure::CancelledUnsent })
            }
            answer = asked => {
                stake.answered();
                let why = || "the session had ended".to_owned();
                answer.unwrap_or_else(|| {
                    Err(if ticket.was_sent() { Failure::Lost(why()) } else { Failure::Unsent(why()) })
                })
            }
        }
    }
}

struct Actor {
    link: Link,
    inbox: mpsc::Receiver<Job>,
    wake: Arc<Notify>,
    patience: Duration,
    waiting: VecDeque<Job>,
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
    /// The other side has said its last word.
    hung_up: bool,
    buffer: Vec<u8>,
}

/// Why the loop pauses no longer.
enum Event {
    Job(Option<Job>),
    Look,
    Socket(std::io::Result<tokio::io::Ready>),
}

impl Actor {
    fn new(link: Link, inbox: mpsc::Receiver<Job>, wake: Arc<Notify>, patience: Duration) -> Self {
        let now = Instant::now();
        Self {
            link,
            inbox,
            wake,
            patience,
            waiting: VecDeque::new(),
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
            hung_up: false,
            buffer: vec![0; 32 * 1024],
        }
    }

    async fn run(mut self) {
        let why = self.serve().await;
        // From here on every new job is told that it was not sent.
        self.inbox.close();
        while let Ok(job) = self.inbox.try_recv() {
            self.waiting.push_back(job);
        }
        let ops = self.ops.iter_mut().map(|op| &mut op.job);
        ops.chain(&mut self.waiting).for_each(|job| job.session_ended(&why));
        let _ = self.link.session.disconnect(None, "done", None);
    }

    /// Serves until the session is over; why it is.
    async fn serve(&mut self) -> String {
        let mut rounds: u32 = 0;
        let mut still: u32 = 0;
        loop {
            if let Some(why) = self.look_at_the_clock() {
                return why;
            }
            self.open_next();
            match self.step_all() {
                Err(why) => return why,
                Ok(true) => {
                    self.last_heard = Instant::now();
                    still = 0;
                }
                Ok(false) => still += 1,
            }
            if !self.may_pause(still) {
                rounds = rounds.wrapping_add(1);
                if rounds.is_multiple_of(ROUNDS) {
                    tokio::task::yield_now().await;
                }
                if let Ok(job) = self.inbox.try_recv() {
                    self.waiting.push_back(job);
                }
                continue;
            }
            if self.hung_up {
                // All that it had said was read, and nothing will follow.
                return "the node closed the connection".to_owned();
            }
            still = 0;
            match self.pause().await {
                Event::Job(Some(job)) => self.waiting.push_back(job),
                Event::Job(None) => return "nobody uses it any more".to_owned(),
                Event::Look => {}
                Event::Socket(Ok(ready)) => {
                    self.last_heard = Instant::now();
                    self.hung_up |= ready.is_read_closed();
                }
                Event::Socket(Err(error)) => return error.to_string(),
            }
        }
    }

    /// Whether there is nothing left to step. One still round is not enough: what an op read from the socket may be
    /// for one that had its step before. Nor is an empty hand of libssh2 always an empty socket; but if it takes
    /// nothing at all, it waits for something else.
    fn may_pause(&self, still: u32) -> bool {
        match still {
            0 | 1 => false,
            2..=8 => (self.ops.is_empty() && self.tunnels.is_empty()) || !self.link.has_unread(),
            _ => true,
        }
    }

    async fn pause(&mut self) -> Event {
        let until = self.next_look();
        tokio::select! {
            job = self.inbox.recv(), if self.waiting.len() < CHANNELS => Event::Job(job),
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
            [op.deadline, op.closing_since.map(|since| since + patience), silent, clogs_at(op)]
        });
        let due = due.chain([self.retry_at]).flatten().filter(|at| *at > self.looked);
        due.fold(self.next_probe, Instant::min)
    }

    /// Everything that is due. A reason, if the session is over.
    fn look_at_the_clock(&mut self) -> Option<String> {
        let now = Instant::now();
        self.looked = now;
        self.waiting.retain(|job| !job.ticket.is_given_up());
        for op in &mut self.ops {
            if op.job.ticket.is_given_up() && op.closing_since.is_none() {
                op.abandon(Failure::Cancelled);
            } else if let (Work::Exec(exec), Some(deadline)) = (&op.job.work, op.deadline) {
                let allowed = exec.deadline;
                if deadline <= now {
                    op.abandon(Failure::Deadline(allowed));
                }
            }
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
        let probe = self.waiting.front().is_some_and(Job::is_probe);
        if (probe || self.active() < self.cap)
            && let Some(job) = self.waiting.pop_front()
        {
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
        if is_open(&channel, &mut self.buffer) {
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
            match op.step(&self.link.session, may_send, &mut self.buffer) {
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
        // So it is for whoever wanted to be sure; and the spare channel takes a place.
        if let Some(channel) = self.spare.take() {
            let usable = is_open(&channel, &mut self.buffer);
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

/// Whether it is the node itself that owes an answer; of a tunnel it is the machine behind it.
fn waits_for_the_node(op: &Op) -> bool {
    op.is_opening() && !op.job.is_tunnel()
}
