//! What a session runs over: a connection of its own, or a tunnel of another session.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

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

    /// The address at the other end; behind a jump host it is that one's to know.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok().map(|peer| peer.ip()),
            Self::Tunnel(_) => None,
        }
    }

    /// Takes what has come; none at all at the end. Fewer bytes than asked for were all that there were, and the reactor is
    /// told so in the same breath: what comes later is news.
    pub(super) fn take(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut taken = Err(ErrorKind::WouldBlock.into());
        let look = || {
            taken = recv(self, &mut *bytes, RecvFlags::DONTWAIT)
                .map(|(_, length)| length)
                .map_err(io::Error::from);
            match &taken {
                Ok(length) if *length == bytes.len() => Ok(()),
                Ok(_) | Err(_) => Err(ErrorKind::WouldBlock.into()),
            }
        };
        let _ = match self {
            Self::Tcp(stream) => stream.try_io(Interest::READABLE, look),
            Self::Tunnel(stream) => stream.try_io(Interest::READABLE, look),
        };
        taken
    }

    /// Puts out what there is room for.
    pub(super) fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Tunnel(stream) => stream.try_write(bytes),
        }
    }

    /// Looks at the first bytes without taking them; how many there are.
    fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let look = || Ok(recv(self, bytes, RecvFlags::PEEK | RecvFlags::DONTWAIT)?.0);
        match self {
            Self::Tcp(stream) => stream.try_io(Interest::READABLE, look),
            Self::Tunnel(stream) => stream.try_io(Interest::READABLE, look),
        }
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

/// A connection whose other side has begun to speak.
pub(super) struct Socket {
    pub(super) stream: Stream,
    /// What it said, if that does not begin as SSH does.
    pub(super) odd_greeting: Option<String>,
}

impl Socket {
    /// Waits until the other side says something, and beyond the limit if `crowd` says that it may stand behind others.
    pub(super) async fn greeted(
        stream: Stream,
        budget: &mut Budget,
        crowd: impl Fn() -> Option<Instant>,
    ) -> Result<Self, ConnectError> {
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
        let length = budget.among_others("waiting for the SSH banner", heard, crowd).await?;
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
