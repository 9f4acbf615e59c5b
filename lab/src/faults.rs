//! Peers that misbehave before SSH begins.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use rustix::net::{AddressFamily, SocketType};

/// A port that answers nothing: its backlog is full and nobody accepts, so that a connect hangs as with a dead host.
#[derive(Debug)]
pub struct BlackHole {
    port: u16,
    _listener: OwnedFd,
    _fillers: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the port on 127.0.0.1.
    ///
    /// # Errors
    /// If no socket is to be had.
    pub fn start() -> Result<Self> {
        Self::on(Ipv4Addr::LOCALHOST)
    }

    /// Opens the port on every address of 127.0.0.0/8, each of which is a host of its own for a client. It is then
    /// open on the machine's other addresses too, where it answers as little.
    ///
    /// # Errors
    /// If no socket is to be had.
    pub fn on_every_loopback_address() -> Result<Self> {
        Self::on(Ipv4Addr::UNSPECIFIED)
    }

    fn on(address: Ipv4Addr) -> Result<Self> {
        let listener = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::net::bind(&listener, &SocketAddr::from((address, 0)))?;
        rustix::net::listen(&listener, 0)?;
        let port = SocketAddr::try_from(rustix::net::getsockname(&listener)?)?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut fillers = Vec::new();
        while let Ok(filler) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            fillers.push(filler);
            anyhow::ensure!(fillers.len() < 64, "this kernel does not bound the backlog");
        }
        Ok(Self { port, _listener: listener, _fillers: fillers })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Accepts, and says the same thing to everyone, or nothing; keeps the connection open.
#[derive(Debug)]
struct Greeter {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Greeter {
    fn start(greeting: &'static [u8]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut open = Vec::new();
            for peer in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(mut peer) = peer {
                    let _ = peer.write_all(greeting);
                    open.push(peer);
                }
            }
        });
        Ok(Self { address, stop, thread: Some(thread) })
    }
}

impl Drop for Greeter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread out of accept.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A port that accepts and never says anything.
#[derive(Debug)]
pub struct Silent(Greeter);

impl Silent {
    /// Opens the port on 127.0.0.1.
    ///
    /// # Errors
    /// If no socket is to be had.
    pub fn start() -> Result<Self> {
        Greeter::start(b"").map(Self)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.address.port()
    }
}

/// A port that accepts and speaks HTTP where an SSH banner belongs, and then waits.
#[derive(Debug)]
pub struct GarbageBanner(Greeter);

impl GarbageBanner {
    /// Opens the port on 127.0.0.1.
    ///
    /// # Errors
    /// If no socket is to be had.
    pub fn start() -> Result<Self> {
        Greeter::start(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").map(Self)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.address.port()
    }
}
