//! Tunnels: channels of this session that carry another session, to a machine behind this one.
//!
//! Each is a channel and one end of a pair of sockets; the session behind it holds the other end. The actor moves the
//! bytes, so no task and no thread comes with a tunnel.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use ssh2::Channel;
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::job::{Job, Work};
use super::op::Op;
use super::scoop::Scoop;
use super::ticket::{Stake, Ticket};
use super::{Actor, Handle};

/// How long the node may take to reach another machine before others go by another session: libssh2 opens one channel
/// at a time, and a machine that does not answer would hold up all behind it.
const CLOGGED_AFTER: Duration = Duration::from_millis(300);
/// The most bytes one tunnel moves in one step each way, so that the others get their turn.
const GULP: usize = 256 * 1024;

/// Why there is no tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoTunnel {
    /// The node says no: by its rules, or because it does not reach the machine.
    Refused(String),
    /// The session waits for a machine that does not answer; another session will do better.
    Clogged,
    /// The session is over.
    Over(String),
}

/// A tunnel that somebody waits for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) host: String,
    pub(super) port: u16,
    reply: Option<oneshot::Sender<Result<UnixStream, NoTunnel>>>,
}

impl Order {
    fn answer(&mut self, answer: Result<UnixStream, NoTunnel>) {
        if let Some(reply) = self.reply.take() {
            // Whoever gave up does not listen.
            let _ = reply.send(answer);
        }
    }
}

impl Handle {
    /// Opens a way to another machine, as the node sees it.
    pub(crate) async fn tunnel(&self, host: &str, port: u16) -> Result<UnixStream, NoTunnel> {
        let over = || NoTunnel::Over("the session had ended".to_owned());
        let ticket = Ticket::new();
        let mut stake = Stake::new(ticket.clone(), Arc::clone(&self.wake));
        let (reply, answer) = oneshot::channel();
        let order = Order { host: host.to_owned(), port, reply: Some(reply) };
        let job = Job::new(Work::Tunnel(order), ticket, None);
        self.jobs.send(job).await.map_err(|_| over())?;
        let answer = answer.await;
        stake.answered();
        answer.unwrap_or_else(|_| Err(over()))
    }

    /// Whether the session waits for a machine that does not answer.
    pub(crate) fn is_clogged(&self) -> bool {
        self.clogged.is_set()
    }

    /// Whether the session was dropped for what the node sent: another one would fare no better.
    pub(crate) fn is_flooded(&self) -> bool {
        self.clogged.0.flooded.load(Ordering::Relaxed)
    }
}

impl Job {
    pub(super) fn is_tunnel(&self) -> bool {
        matches!(self.work, Work::Tunnel(_))
    }

    /// Tells whoever waits for a tunnel that there will be none.
    pub(super) fn no_tunnel(&mut self, why: NoTunnel) {
        if let Work::Tunnel(order) = &mut self.work {
            order.answer(Err(why));
        }
    }

    /// What the node says, in words that fit behind "the jump host does not open a way there: ".
    pub(super) fn tunnel_refused(&mut self, error: &ssh2::Error) {
        let said = error.message();
        let why = if said.contains("prohibited") {
            "it is not allowed to (AllowTcpForwarding and PermitOpen of its sshd, or the options of the key)"
        } else if said.contains("connect failed") {
            "it does not reach the machine: nothing listens there, the name is not known there, or there is no route"
        } else {
            said
        };
        self.no_tunnel(NoTunnel::Refused(why.to_owned()));
    }
}

impl Actor {
    /// Sends those who wait for a tunnel elsewhere while the way out of this session is blocked by a machine that does
    /// not answer.
    pub(super) fn unclog(&mut self, now: Instant) {
        let clogged = self.ops.iter().any(|op| clogs_at(op).is_some_and(|at| at <= now));
        self.clogged.set(clogged);
        if clogged {
            for job in self.waiting.iter_mut().filter(|job| job.is_tunnel()) {
                job.no_tunnel(NoTunnel::Clogged);
            }
            self.waiting.retain(|job| !job.is_tunnel());
        }
    }

    /// A channel that was opened for a tunnel begins to carry.
    pub(super) fn begin_tunnel(&mut self, mut job: Job, channel: Channel) {
        let Work::Tunnel(order) = &mut job.work else {
            self.ops.push(Op::closing(channel));
            return;
        };
        match UnixStream::pair() {
            Ok((ours, theirs)) => {
                order.answer(Ok(theirs));
                self.tunnels.all.push(Tunnel::new(channel, ours));
            }
            Err(error) => {
                order.answer(Err(NoTunnel::Refused(format!("the controller has no socket for it: {error}"))));
                self.ops.push(Op::closing(channel));
            }
        }
    }

    /// One step for each tunnel; whether anything moved. One that has ended is closed in good order.
    pub(super) fn step_tunnels(&mut self) -> bool {
        let mut moved = false;
        let mut at = 0;
        while let Some(tunnel) = self.tunnels.all.get_mut(at) {
            match tunnel.step(&mut self.scoop) {
                Flow::Still => at += 1,
                Flow::Moved => {
                    moved = true;
                    at += 1;
                }
                Flow::Ended => {
                    let tunnel = self.tunnels.all.swap_remove(at);
                    self.ops.push(Op::closing(tunnel.channel));
                    moved = true;
                }
            }
        }
        moved
    }
}

/// When a tunnel that is being opened begins to hold up the others.
pub(super) fn clogs_at(op: &Op) -> Option<Instant> {
    (op.is_opening() && op.job.is_tunnel()).then(|| op.opened + CLOGGED_AFTER)
}

/// The tunnels of a session.
#[derive(Default)]
pub(super) struct Tunnels {
    all: Vec<Tunnel>,
}

impl Tunnels {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What libssh2 keeps for them.
    pub(super) fn waiting(&self) -> u64 {
        self.all.iter().map(|tunnel| u64::from(tunnel.channel.read_window().available)).sum()
    }

    /// Waits until one of the sockets has something, or takes something again.
    pub(super) async fn ready(&self) {
        poll_fn(|cx| {
            let ready = self.all.iter().any(|tunnel| {
                let reads = tunnel.out.is_empty() && tunnel.socket.poll_read_ready(cx).is_ready();
                let writes = !tunnel.inward.is_empty() && tunnel.socket.poll_write_ready(cx).is_ready();
                reads || writes
            });
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

struct Tunnel {
    channel: Channel,
    socket: UnixStream,
    /// From the socket, not yet in the channel.
    out: VecDeque<u8>,
    /// From the channel, not yet in the socket.
    inward: VecDeque<u8>,
}

enum Flow {
    Still,
    Moved,
    Ended,
}

impl Tunnel {
    fn new(channel: Channel, socket: UnixStream) -> Self {
        Self { channel, socket, out: VecDeque::new(), inward: VecDeque::new() }
    }

    fn step(&mut self, scoop: &mut Scoop) -> Flow {
        match (self.outward(&mut scoop.bytes), self.inward(scoop)) {
            (Flow::Ended, _) | (_, Flow::Ended) => Flow::Ended,
            (Flow::Moved, _) | (_, Flow::Moved) => Flow::Moved,
            (Flow::Still, Flow::Still) => Flow::Still,
        }
    }

    /// From the socket to the channel. Bytes that libssh2 has half sent have to be offered again as they are, so they
    /// stay at the front until it has taken them.
    fn outward(&mut self, buffer: &mut [u8]) -> Flow {
        let mut moved = 0;
        while moved < GULP {
            if self.out.is_empty() {
                match self.socket.try_read(buffer) {
                    // The session behind it is gone.
                    Ok(0) => return Flow::Ended,
                    Ok(length) => self.out.extend(buffer.iter().take(length)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(_) => return Flow::Ended,
                }
            }
            match self.channel.write(self.out.make_contiguous()) {
                // The node takes no more for now.
                Ok(0) => break,
                Ok(length) => {
                    self.out.drain(..length.min(self.out.len()));
                    moved += length;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Flow::Ended,
            }
        }
        if moved > 0 { Flow::Moved } else { Flow::Still }
    }

    /// From the channel to the socket.
    fn inward(&mut self, scoop: &mut Scoop) -> Flow {
        let mut moved = 0;
        while moved < GULP {
            if self.inward.is_empty() {
                match self.channel.read(&mut scoop.bytes) {
                    Ok(0) if self.channel.eof() => return Flow::Ended,
                    Ok(0) => break,
                    Ok(length) => {
                        scoop.count(length);
                        self.inward.extend(scoop.bytes.iter().take(length));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(_) => return Flow::Ended,
                }
            }
            match self.socket.try_write(self.inward.make_contiguous()) {
                Ok(length) => {
                    self.inward.drain(..length.min(self.inward.len()));
                    moved += length;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Flow::Ended,
            }
        }
        if moved > 0 { Flow::Moved } else { Flow::Still }
    }
}

/// Shared by an actor and its handles: whether others should rather go by another session.
#[derive(Debug, Clone, Default)]
pub(super) struct Clogged(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// A machine that does not answer blocks it.
    clogged: AtomicBool,
    /// The node has sent too much that nobody asked for.
    worn: AtomicBool,
    /// And so much that the session was dropped for it.
    flooded: AtomicBool,
}

impl Clogged {
    fn is_set(&self) -> bool {
        self.0.clogged.load(Ordering::Relaxed) || self.0.worn.load(Ordering::Relaxed)
    }

    fn set(&self, clogged: bool) {
        self.0.clogged.store(clogged, Ordering::Relaxed);
    }

    pub(super) fn flood(&self) {
        self.0.flooded.store(true, Ordering::Relaxed);
    }

    /// For good.
    pub(super) fn wear_out(&self) {
        self.0.worn.store(true, Ordering::Relaxed);
    }
}
