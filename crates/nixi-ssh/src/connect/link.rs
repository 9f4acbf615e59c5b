//! A libssh2 session on a socket, driven without holding a thread.

use std::io;

use libssh2_sys::LIBSSH2_ERROR_EAGAIN;
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};
use tokio::io::Ready;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;

use super::ConnectError;
use super::agent::does_not_sign;
use super::budget::Budget;
use super::relay::Relay;
use super::stream::Socket;
use super::turn::Turn;
use crate::hostkey::HostKey;
use crate::said::said;

/// The most bytes that a server may send until the login is done: its keys and names take some thousand.
const BEFORE_LOGIN: u64 = 256 * 1024;

/// The step in which the agent is asked to sign.
pub(super) const SIGNING: &str = "login by the agent";
/// How much is moved at a time.
const PIECE: usize = 8 * 1024;

/// A session, and the relay by which it gets its bytes. One task holds it.
pub(crate) struct Link {
    pub(crate) session: Session,
    relay: Relay,
    odd_greeting: Option<String>,
    turn: Turn,
    /// Its share of what may be open at once.
    room: Option<OwnedSemaphorePermit>,
}

impl Link {
    /// A session that has said nothing yet.
    pub(super) fn new(socket: Socket, host_key_algorithms: &str, turn: Turn) -> Result<Self, ConnectError> {
        let relay =
            Relay::of(socket.stream).map_err(|error| ConnectError::of_io(error, ConnectError::internal))?;
        let mut session = Session::new().map_err(ConnectError::internal)?;
        session.set_tcp_stream(relay.far());
        session.set_blocking(false);
        session.method_pref(MethodType::HostKey, host_key_algorithms).map_err(ConnectError::internal)?;
        Ok(Self { session, relay, odd_greeting: socket.odd_greeting, turn, room: None })
    }

    /// Keeps its share for as long as it lives.
    pub(crate) fn keep(&mut self, room: Option<OwnedSemaphorePermit>) {
        self.room = room;
    }

    /// Banner and key exchange.
    pub(super) async fn handshake(&mut self, budget: &mut Budget) -> Result<(), ConnectError> {
        let shake = |session: &Session, (): &mut ()| session.clone().handshake();
        match self.drive("key exchange", budget, (), shake).await {
            Ok(((), done)) => done.map_err(|error| ConnectError::Protocol(self.describe(&error))),
            Err(ConnectError::Timeout { .. }) if self.odd_greeting.is_some() => {
                Err(ConnectError::Protocol("it answers, but not as SSH does".to_owned() + &self.said()))
            }
            Err(error) => Err(error),
        }
    }

    /// The key that the host proved to hold.
    pub(super) fn host_key(&self) -> Result<HostKey, ConnectError> {
        let key = self.session.host_key().and_then(|(blob, _)| HostKey::from_blob(blob));
        key.ok_or_else(|| ConnectError::Protocol("it showed no host key".to_owned()))
    }

    /// Gives its turn up, to take it again when it goes on: the login is done, or waits for something else than the host.
    pub(super) fn steps_aside(&self) {
        self.turn.end();
    }

    /// Repeats a libssh2 call until it is through, waiting for the socket in between.
    ///
    /// The outer error is about the limit, the inner one what libssh2 says; `state` goes in and comes back.
    pub(super) async fn drive<S, T, F>(
        &mut self,
        what: &'static str,
        budget: &mut Budget,
        mut state: S,
        step: F,
    ) -> Result<(S, Result<T, ssh2::Error>), ConnectError>
    where
        S: Send + 'static,
        T: Send + 'static,
        F: Fn(&Session, &mut S) -> Result<T, ssh2::Error> + Copy + Send + 'static,
    {
        loop {
            self.turn.take(budget).await?;
            // An end of the wire is for libssh2 to find.
            let _ = self.give(&mut [0; PIECE]);
            if self.brought() > BEFORE_LOGIN {
                return Err(ConnectError::Flood { limit: BEFORE_LOGIN });
            }
            let session = self.session.clone();
            let call = spawn_blocking(move || {
                let done = step(&session, &mut state);
                (state, done)
            });
            let done;
            let called = budget.within(what, call).await;
            // A call waits for nobody but the agent.
            if called.is_err() && what == SIGNING {
                return Err(ConnectError::Short(does_not_sign()));
            }
            (state, done) = called?.map_err(ConnectError::internal)?;
            let sent = self.send(&mut [0; PIECE]).unwrap_or(true);
            match done {
                Err(error) if would_block(&error) => {
                    let can_write = sent && self.wants_to_write();
                    if !can_write && !self.relay.has_left() {
                        let ready = self.relay.ready();
                        budget
                            .within(what, self.turn.linger(ready))
                            .await?
                            .map_err(ConnectError::internal)?;
                    }
                }
                done => return Ok((state, done)),
            }
        }
    }

    /// Whether libssh2 waits for room to write.
    fn wants_to_write(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Gives libssh2 a portion of what has come; whether there was anything.
    pub(crate) fn give(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        self.relay.give(buffer)
    }

    /// Sends on what libssh2 has written; whether there was anything.
    pub(crate) fn send(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        self.relay.send(buffer)
    }

    /// How many bytes the other side has sent.
    pub(crate) fn brought(&self) -> u64 {
        self.relay.brought()
    }

    /// Waits for something to give, or for room to send.
    pub(crate) async fn ready(&self) -> io::Result<Ready> {
        self.relay.ready().await
    }

    /// Whether libssh2 has not taken all that it was given: it may stop short.
    pub(crate) fn has_unread(&self) -> bool {
        self.relay.has_unread()
    }

    /// Whether libssh2 was told that the other side has said its last word.
    pub(crate) fn has_ended(&self) -> bool {
        self.relay.has_ended()
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.relay.is_gone()
    }

    fn describe(&self, error: &ssh2::Error) -> String {
        format!("SSH could not be agreed on: {} (libssh2 {}){}", error.message(), code(error), self.said())
    }

    /// What the other side called itself.
    fn said(&self) -> String {
        let banner = || self.session.banner_bytes().map(said);
        self.odd_greeting
            .clone()
            .or_else(banner)
            .map(|words| format!("; it says \"{words}\""))
            .unwrap_or_default()
    }
}

impl Drop for Link {
    /// Whatever still holds the session ends at once, and freeing it does not wait for the other side.
    fn drop(&mut self) {
        self.relay.shut_down();
    }
}

/// The number of a libssh2 error; SFTP is not used.
pub(crate) fn code(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

pub(crate) fn would_block(error: &ssh2::Error) -> bool {
    code(error) == LIBSSH2_ERROR_EAGAIN
}
