//! A libssh2 session on a socket, driven without holding a thread.

use std::io;
use std::sync::Arc;

use libssh2_sys::LIBSSH2_ERROR_EAGAIN;
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};
use tokio::io::{Interest, Ready};
use tokio::task::spawn_blocking;

use super::ConnectError;
use super::budget::Budget;
use super::stream::{Socket, Stream};
use super::turn::Turn;
use crate::hostkey::HostKey;
use crate::said::said;

/// A session and its socket, which libssh2 reads and writes and the reactor only watches. One task holds it.
pub(crate) struct Link {
    pub(crate) session: Session,
    socket: Arc<Stream>,
    odd_greeting: Option<String>,
    turn: Turn,
}

impl Link {
    /// A session that has said nothing yet.
    pub(super) fn new(socket: Socket, host_key_algorithms: &str, turn: Turn) -> Result<Self, ConnectError> {
        let stream = Arc::new(socket.stream);
        let mut session = Session::new().map_err(ConnectError::internal)?;
        session.set_tcp_stream(Arc::clone(&stream));
        session.set_blocking(false);
        session.method_pref(MethodType::HostKey, host_key_algorithms).map_err(ConnectError::internal)?;
        Ok(Self { session, socket: stream, odd_greeting: socket.odd_greeting, turn })
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
        &self,
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
            let session = self.session.clone();
            let call = spawn_blocking(move || {
                let done = step(&session, &mut state);
                (state, done)
            });
            let done;
            (state, done) = budget.within(what, call).await?.map_err(ConnectError::internal)?;
            match done {
                Err(error) if would_block(&error) => {
                    budget
                        .within(what, self.turn.linger(self.ready()))
                        .await?
                        .map_err(ConnectError::internal)?;
                }
                done => return Ok((state, done)),
            }
        }
    }

    /// Waits for what libssh2 waits for, and takes note that it came: the caller steps libssh2 again after this, so
    /// nothing that comes in between is lost.
    pub(crate) async fn ready(&self) -> io::Result<Ready> {
        let interest = match self.session.block_directions() {
            BlockDirections::Outbound | BlockDirections::Both => Interest::READABLE | Interest::WRITABLE,
            BlockDirections::Inbound | BlockDirections::None => Interest::READABLE,
        };
        let ready = self.socket.ready(interest).await?;
        for (came, which) in
            [(ready.is_readable(), Interest::READABLE), (ready.is_writable(), Interest::WRITABLE)]
        {
            if came {
                self.socket.used_up(which);
            }
        }
        Ok(ready)
    }

    /// Whether the socket holds bytes that libssh2 has not taken: it may stop short of an empty socket.
    pub(crate) fn has_unread(&self) -> bool {
        self.socket.has_unread()
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.socket.is_gone()
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
        self.socket.shut_down();
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
