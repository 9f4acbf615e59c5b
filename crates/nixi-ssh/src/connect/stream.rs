//! What a session runs over: a connection of its own, or a tunnel of another session.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};

use super::ConnectError;
use super::budget::Budget;
use crate::said::said;

/// A socket of either kind, watched by the reactor.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Tunnel(UnixStream),
}

impl Stream {
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Tcp(stream) => stream.ready(interest).await,
            Self::Tunnel(stream) => stream.ready(interest).await,
        }
    }

    /// Tells the reactor that what it saw was used up.
    pub(super) fn used_up(&self, which: Interest) {
        let nothing = || Err::<(), _>(ErrorKind::WouldBlock.into());
        let _ = match self {
            Self::Tcp(stream) => stream.try_io(which, nothing),
            Self::Tunnel(stream) => stream.try_io(which, nothing),
        };
    }

    /// Looks at the first bytes without taking them; how many there are.
    fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let look = || Ok(recv(self, bytes, RecvFlags::PEEK | RecvFlags::DONTWAIT)?.0);
        match self {
            Self::Tcp(stream) => stream.try_io(Interest::READABLE, look),
            Self::Tunnel(stream) => stream.try_io(Interest::READABLE, look),
        }
    }

    pub(super) fn has_unread(&self) -> bool {
        recv(self, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, length)| length > 0)
    }

    /// Whether the other side has closed it, or it broke.
    pub(super) fn is_gone(&self) -> bool {
        match recv(self, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((_, length)) => length == 0,
            Err(error) => io::Error::from(error).kind() != ErrorKind::WouldBlock,
        }
    }

    pub(super) fn shut_down(&self) {
        let _ = shutdown(self, Shutdown::Both);
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Tunnel(stream) => stream.as_fd(),
        }
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// A connection whose other side has begun to speak.
pub(super) struct Socket {
    pub(super) stream: Stream,
    /// What it said, if that does not begin as SSH does.
    pub(super) odd_greeting: Option<String>,
}

impl Socket {
    /// Waits until the other side says something.
    pub(super) async fn greeted(stream: Stream, budget: &Budget) -> Result<Self, ConnectError> {
        let mut greeting = [0; 64];
        let heard = async {
            loop {
                stream.ready(Interest::READABLE).await?;
                match stream.peek(&mut greeting) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    heard => return heard,
                }
            }
        };
        let length = budget.within("waiting for the SSH banner", heard).await?;
        let length = length.map_err(|error| ConnectError::Protocol(format!("it hung up: {error}")))?;
        let greeting = greeting.get(..length).unwrap_or_default();
        if greeting.is_empty() {
            return Err(ConnectError::Protocol(
                "it took the connection and closed it without a word; its sshd may be refusing this address for a \
                 while after failed logins"
                    .to_owned(),
            ));
        }
        let looks_right = greeting.starts_with(b"SSH-") || b"SSH-".starts_with(greeting);
        let odd_greeting = (!looks_right).then(|| said(greeting));
        Ok(Self { stream, odd_greeting })
    }
}
