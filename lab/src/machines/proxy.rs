//! A link that is slow, or breaks off: a TCP proxy on loopback that stands before a machine.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::net::connect_unspec;

/// The most that is read at once.
const PIECE: u32 = 4096;
/// A slow link delivers so many pieces a second, at the least.
const SMOOTH: u32 = 20;
/// How many pieces may be under way in one direction; what is more waits at its sender.
const UNDER_WAY: usize = 1024;
/// How long the far end may take to accept.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a link carries what is sent over it. What arrives is whole and in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkQuality {
    delay: Duration,
    rate: Option<u32>,
    breaks: Break,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    Never,
    StallAfter(u64),
    CutAfter(u64),
}

impl LinkQuality {
    /// Everything arrives so much later, in each direction: a round trip takes twice that.
    #[must_use]
    pub fn delayed(delay: Duration) -> Self {
        Self { delay, rate: None, breaks: Break::Never }
    }

    /// At most so many bytes a second arrive, and at least one, in each direction.
    #[must_use]
    pub fn bytes_per_second(self, rate: u32) -> Self {
        Self { rate: Some(rate.max(1)), ..self }
    }

    /// Each connection stalls when so many bytes of it have arrived, both directions together: it stays open, and
    /// neither side hears anything more.
    #[must_use]
    pub fn stall_after(self, bytes: u64) -> Self {
        Self { breaks: Break::StallAfter(bytes), ..self }
    }

    /// Each connection breaks when so many bytes of it have arrived, both directions together: both sides are told
    /// "Connection reset by peer", or "Broken pipe" when they write.
    #[must_use]
    pub fn cut_after(self, bytes: u64) -> Self {
        Self { breaks: Break::CutAfter(bytes), ..self }
    }

    fn piece(self) -> usize {
        let size = self.rate.map_or(PIECE, |rate| (rate / SMOOTH).clamp(1, PIECE));
        usize::try_from(size).unwrap_or(1)
    }

    /// How long the link is busy with so many bytes.
    fn time_for(self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) * bytes / rate)
    }

    fn bytes(self) -> u64 {
        match self.breaks {
            Break::Never => u64::MAX,
            Break::StallAfter(bytes) | Break::CutAfter(bytes) => bytes,
        }
    }
}

/// A port on 127.0.0.1, with a bad link from there to another one. Ends with all of its connections when it is dropped.
///
/// Connecting is not slow, for the near end accepts by itself. If the far end does not, the connection is closed.
#[derive(Debug)]
pub struct SlowLink {
    address: SocketAddr,
    link: Arc<Link>,
    accepting: Option<JoinHandle<()>>,
}

impl SlowLink {
    /// A link to this address, such as a machine's and port 22.
    ///
    /// # Errors
    /// If no port is to be had.
    pub fn to(far: impl Into<SocketAddr>, quality: LinkQuality) -> Result<Self> {
        Self::over(Ipv4Addr::LOCALHOST, Far::At(far.into()), quality)
    }

    /// Links to this port of every address of 127.0.0.0/8, each by the near end's port on the same address.
    ///
    /// # Errors
    /// If no port is to be had.
    pub fn to_every_loopback_address(port: u16, quality: LinkQuality) -> Result<Self> {
        Self::over(Ipv4Addr::UNSPECIFIED, Far::SameAddress(port), quality)
    }

    fn over(near: Ipv4Addr, far: Far, quality: LinkQuality) -> Result<Self> {
        let listener = TcpListener::bind((near, 0))?;
        let address = (Ipv4Addr::LOCALHOST, listener.local_addr()?.port()).into();
        let link = Arc::new(Link { far, quality, over: Mutex::new(false), ended: Condvar::new() });
        let accepting = Arc::clone(&link);
        let accepting = Some(thread::spawn(move || accepting.accept(&listener)));
        Ok(Self { address, link, accepting })
    }

    /// The near end.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for SlowLink {
    fn drop(&mut self) {
        *self.link.over() = true;
        self.link.ended.notify_all();
        // Wakes the thread out of accept.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// What was read at once; nothing at the end of the stream.
struct Piece {
    read: Instant,
    bytes: Vec<u8>,
}

/// Where the far end is.
#[derive(Debug, Clone, Copy)]
enum Far {
    At(SocketAddr),
    /// This port of the address that the near end was reached at, if it is of loopback.
    SameAddress(u16),
}

impl Far {
    fn of(self, near: &TcpStream) -> Result<SocketAddr> {
        match self {
            Self::At(address) => Ok(address),
            Self::SameAddress(port) => {
                let reached = near.local_addr()?.ip();
                ensure!(reached.is_loopback(), "{reached} is not of loopback");
                Ok(SocketAddr::new(reached, port))
            }
        }
    }
}

#[derive(Debug)]
struct Link {
    far: Far,
    quality: LinkQuality,
    over: Mutex<bool>,
    ended: Condvar,
}

impl Link {
    fn over(&self) -> MutexGuard<'_, bool> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let mut open: Vec<(Arc<TcpStream>, JoinHandle<()>)> = Vec::new();
        for near in listener.incoming() {
            if *self.over() {
                break;
            }
            open.retain(|(_, carrying)| !carrying.is_finished());
            let Ok(near) = near.map(Arc::new) else { continue };
            let (link, stream) = (Arc::clone(self), Arc::clone(&near));
            open.push((near, thread::spawn(move || link.carry(&stream))));
        }
        for (near, carrying) in open {
            let _ = near.shutdown(Shutdown::Both);
            let _ = carrying.join();
        }
    }

    /// One connection, from its beginning to its end.
    fn carry(&self, near: &TcpStream) {
        let reached = self.far.of(near).and_then(|far| Ok(TcpStream::connect_timeout(&far, PATIENCE)?));
        let Ok(far) = reached else {
            let _ = near.shutdown(Shutdown::Both);
            return;
        };
        let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
        let left = &AtomicU64::new(self.quality.bytes());
        thread::scope(|scope| {
            for (from, to) in [(near, &far), (&far, near)] {
                let (sender, receiver) = sync_channel(UNDER_WAY);
                scope.spawn(move || self.receive(from, &sender));
                scope.spawn(move || {
                    self.deliver(&receiver, from, to, left);
                });
            }
        });
    }

    fn receive(&self, mut from: &TcpStream, pieces: &SyncSender<Piece>) {
        let mut buffer = vec![0; self.quality.piece()];
        loop {
            // A connection that broke on its other side ends here too.
            let count = from.read(&mut buffer).unwrap_or(0);
            let piece = Piece { read: Instant::now(), bytes: buffer[..count].to_vec() };
            if pieces.send(piece).is_err() || count == 0 {
                return;
            }
        }
    }

    /// Writes what was read, when it is due, until the connection ends or breaks.
    fn deliver(&self, pieces: &Receiver<Piece>, from: &TcpStream, mut to: &TcpStream, left: &AtomicU64) {
        let mut idle = Instant::now();
        for Piece { read, bytes } in pieces {
            idle = idle.max(read) + self.quality.time_for(bytes.len());
            if !self.wait_until(idle + self.quality.delay) {
                break;
            }
            let allowed = take(left, bytes.len());
            if to.write_all(&bytes[..allowed]).is_err() {
                break;
            }
            if left.load(Ordering::SeqCst) == 0 {
                self.break_off(from, to);
                break;
            }
            if bytes.is_empty() {
                // The other direction may go on.
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn break_off(&self, from: &TcpStream, to: &TcpStream) {
        match self.quality.breaks {
            Break::CutAfter(_) => {
                // Dissolving the association, see connect(2), sends a reset.
                let _ = connect_unspec(from);
                let _ = connect_unspec(to);
            }
            Break::StallAfter(_) | Break::Never => {
                let mut over = self.over();
                while !*over {
                    over = self.ended.wait(over).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// False if the link ended first.
    fn wait_until(&self, due: Instant) -> bool {
        let mut over = self.over();
        while !*over {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            over = self.ended.wait_timeout(over, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

/// How many of these bytes may still pass.
fn take(left: &AtomicU64, count: usize) -> usize {
    let wanted = u64::try_from(count).unwrap_or(u64::MAX);
    let before = left
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(wanted)))
        .unwrap_or(0);
    usize::try_from(before.min(wanted)).unwrap_or(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends back what it gets.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        address
    }

    fn connect(link: &SlowLink) -> TcpStream {
        let stream = TcpStream::connect(link.address()).unwrap();
        // Far more than any of this takes: a read that times out never had anything to read.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    #[test]
    fn all_arrives_in_order_and_the_end_arrives_last() {
        let quality = LinkQuality::delayed(Duration::from_millis(30)).bytes_per_second(20_000_000);
        let link = SlowLink::to(echo(), quality).unwrap();
        let mut stream = connect(&link);
        let sent: Vec<u8> = (0..2_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut writing = stream.try_clone().unwrap();
        let writer = thread::spawn({
            let sent = sent.clone();
            move || {
                writing.write_all(&sent).unwrap();
                writing.shutdown(Shutdown::Write).unwrap();
            }
        });
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        writer.join().unwrap();
        assert!(got == sent, "{} of {} bytes", got.len(), sent.len());
    }

    #[test]
    fn each_address_of_loopback_has_a_link_to_its_own() {
        let far = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = far.local_addr().unwrap().port();
        let link = SlowLink::to_every_loopback_address(port, LinkQuality::delayed(Duration::ZERO)).unwrap();
        for address in [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 3, 9)] {
            let _near = TcpStream::connect((address, link.address().port())).unwrap();
            assert_eq!(far.accept().unwrap().0.local_addr().unwrap().ip(), address);
        }
    }

    #[test]
    fn a_link_that_is_cut_resets_the_connection_after_so_many_bytes() {
        let link = SlowLink::to(echo(), LinkQuality::delayed(Duration::ZERO).cut_after(15)).unwrap();
        for _ in 0..2 {
            let mut stream = connect(&link);
            stream.write_all(b"0123456789").unwrap();
            let mut got = Vec::new();
            let error = stream.read_to_end(&mut got).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
            assert!(b"01234".starts_with(got.as_slice()), "{got:?}");
        }
    }

    #[test]
    fn a_link_that_stalls_keeps_the_connection_open_and_ends_with_the_value() {
        let link = SlowLink::to(echo(), LinkQuality::delayed(Duration::ZERO).stall_after(15)).unwrap();
        let mut stream = connect(&link);
        stream.write_all(b"0123456789").unwrap();
        let mut got = [0; 5];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"01234");
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let error = stream.read(&mut got).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        drop(link);
        assert_eq!(stream.read(&mut got).unwrap(), 0);
    }

    #[test]
    fn a_far_end_that_refuses_closes_the_connection() {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let link = SlowLink::to(nobody, LinkQuality::delayed(Duration::ZERO)).unwrap();
        assert_eq!(connect(&link).read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn a_slow_link_is_busy_for_as_long_as_its_bytes_take() {
        let quality = LinkQuality::delayed(Duration::ZERO).bytes_per_second(1000);
        assert_eq!(quality.time_for(500), Duration::from_millis(500));
        assert_eq!(quality.piece(), 50);
        assert_eq!(LinkQuality::delayed(Duration::ZERO).time_for(500), Duration::ZERO);
        assert_eq!(LinkQuality::delayed(Duration::ZERO).bytes_per_second(0).piece(), 1);
    }
}
