//! Between the wire and libssh2: it reads from a pair of sockets, and finds no more there than it is given.
//!
//! libssh2 reads until nothing is left, and keeps every packet that it does not know. From a server that never stops
//! sending, one call would never return and take all memory. Here each call sees so many bytes, and all are counted.

use std::future::pending;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::net::{RecvFlags, recv};
use tokio::io::{Interest, Ready};

use super::stream::Stream;

/// The most that is given at a time.
const PORTION: usize = 128 * 1024;

/// A wire, and the pair of sockets at whose other end libssh2 is. One task holds it.
pub(super) struct Relay {
    wire: Stream,
    near: UnixStream,
    far: Arc<UnixStream>,
    /// From the wire, not yet given.
    inward: Vec<u8>,
    /// From libssh2, not yet on the wire.
    outward: Vec<u8>,
    /// How many bytes the wire has brought.
    brought: u64,
    /// The other side has said its last word, and libssh2 was told.
    ended: bool,
}

impl Relay {
    pub(super) fn of(wire: Stream) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        let (inward, outward) = (Vec::new(), Vec::new());
        Ok(Self { wire, near, far: Arc::new(far), inward, outward, brought: 0, ended: false })
    }

    /// The end of libssh2.
    pub(super) fn far(&self) -> Arc<UnixStream> {
        Arc::clone(&self.far)
    }

    /// How many bytes the wire has brought.
    pub(super) fn brought(&self) -> u64 {
        self.brought
    }

    /// Gives libssh2 what the wire has, but only so much; whether that was anything.
    pub(super) fn give(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let mut given = false;
        if !self.inward.is_empty() {
            let taken = some(&self.near, &self.inward)?;
            given = taken > 0;
            self.inward.drain(..taken);
            if !self.inward.is_empty() {
                return Ok(given);
            }
            self.inward = Vec::new();
        }
        let mut left = PORTION;
        while self.inward.is_empty() && !self.ended && left > 0 {
            let room = buffer.len().min(left);
            let piece = buffer.get_mut(..room).unwrap_or_default();
            let length = match self.wire.take(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Ok(length) if length > 0 => length,
                end => {
                    // libssh2 reads what is left, and then finds the end too.
                    self.ended = true;
                    let _ = self.near.shutdown(Shutdown::Write);
                    return end.map(|_| true);
                }
            };
            given = true;
            left -= length;
            self.brought += length as u64;
            let piece = piece.get(..length).unwrap_or_default();
            let taken = some(&self.near, piece)?;
            self.inward.extend_from_slice(piece.get(taken..).unwrap_or_default());
        }
        Ok(given)
    }

    /// Sends on what libssh2 has written; whether that was anything.
    pub(super) fn send(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let mut sent = false;
        loop {
            if !self.outward.is_empty() {
                match self.wire.put(&self.outward) {
                    Ok(length) => {
                        sent |= length > 0;
                        self.outward.drain(..length);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
                if !self.outward.is_empty() {
                    return Ok(sent);
                }
                self.outward = Vec::new();
            }
            let length = match (&self.near).read(buffer) {
                Ok(0) => return Ok(sent),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(sent),
                Err(error) => return Err(error),
            };
            sent = true;
            let piece = buffer.get(..length).unwrap_or_default();
            let taken = match self.wire.put(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                taken => taken?,
            };
            self.outward.extend_from_slice(piece.get(taken..).unwrap_or_default());
        }
    }

    /// Whether something has come that there was no room for, and there may be now.
    pub(super) fn has_left(&self) -> bool {
        !self.inward.is_empty() && !self.is_clogged()
    }

    /// Whether the wire takes nothing more for now.
    pub(super) fn is_clogged(&self) -> bool {
        !self.outward.is_empty()
    }

    /// Waits until there is something to give or room to send.
    pub(super) async fn ready(&self) -> io::Result<Ready> {
        let reads = self.inward.is_empty() && !self.ended;
        match (reads, self.is_clogged()) {
            (true, true) => self.wire.ready(Interest::READABLE | Interest::WRITABLE).await,
            (true, false) => self.wire.ready(Interest::READABLE).await,
            (false, true) => self.wire.ready(Interest::WRITABLE).await,
            (false, false) => pending().await,
        }
    }

    /// Whether libssh2 was told that the other side has said its last word.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether libssh2 has not taken all that it was given: it may stop short.
    pub(super) fn has_unread(&self) -> bool {
        !self.inward.is_empty()
            || recv(&*self.far, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT)
                .is_ok_and(|(_, length)| length > 0)
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.ended || self.wire.is_gone()
    }

    /// Ends it at once, for whoever still holds the other end too.
    pub(super) fn shut_down(&self) {
        self.wire.shut_down();
        let _ = self.near.shutdown(Shutdown::Both);
    }
}

/// Writes what there is room for; how much that was.
fn some(mut socket: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    let mut taken = 0;
    while taken < bytes.len() {
        match socket.write(bytes.get(taken..).unwrap_or_default()) {
            Ok(length) => taken += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}
