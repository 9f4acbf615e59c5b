//! An SSH server that sends without end what nobody asked for, and one that sends what was asked for in crumbs.

mod crumbs;
mod wire;

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

use wire::{Wire, mpint, string};

const BANNER: &str = "SSH-2.0-flood";
/// The channel that the client opens first, which is its number 0.
const FIRST: [u8; 4] = [0; 4];
const NEW_KEYS: u8 = 21;

/// When it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In the place of a greeting.
    Greeting,
    /// After its first packet, before there are keys.
    KeyExchange,
    /// When it is asked to let somebody in.
    Login,
    /// As soon as somebody is in.
    LoggedIn,
    /// When it is told to run a command.
    Command,
}

/// What it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junk {
    /// Packets of a type that there is not, of so many bytes.
    Unknown(usize),
    /// Answers to requests that nobody made.
    Answers,
    /// Data for a channel that nobody opened.
    NoChannel,
    /// Data of the first channel in single bytes, on a stream that is neither of the two.
    NoStream,
    /// More data on the first channel than there is room for, in single bytes.
    Beyond,
    /// Words for whoever debugs.
    Debug,
    /// Packets that are to be ignored.
    Ignore,
    /// Requests that want no answer.
    Requests,
    /// Requests that want one.
    Questions,
    /// Offers of new channels.
    Channels,
}

impl Junk {
    fn payload(self) -> Vec<u8> {
        match self {
            Self::Unknown(length) => vec![192; length.max(1)],
            Self::Answers => vec![81],
            Self::NoChannel => [vec![94], vec![0, 0, 3, 7], string(&[b'x'; 1000])].concat(),
            Self::NoStream => [vec![95], FIRST.to_vec(), vec![0, 0, 0, 9], string(b"x")].concat(),
            Self::Beyond => [vec![94], FIRST.to_vec(), string(b"x")].concat(),
            Self::Debug => [vec![4, 1], string(&[b'x'; 1000]), string(b"")].concat(),
            Self::Ignore => [vec![2], string(&[b'x'; 1000])].concat(),
            Self::Requests => [vec![80], string(b"nothing@example.com"), vec![0]].concat(),
            Self::Questions => [vec![80], string(b"nothing@example.com"), vec![1]].concat(),
            Self::Channels => {
                [vec![90], string(b"nothing@example.com"), vec![0; 8], vec![0, 0, 128, 0]].concat()
            }
        }
    }
}

/// A server on 127.0.0.1 that floods whoever comes. Any key opens it.
#[derive(Debug)]
pub struct Flood {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    /// Opens the port.
    ///
    /// # Errors
    /// If no socket or key is to be had.
    pub fn start(when: When, junk: Junk) -> Result<Self> {
        Self::with(move |peer, key| serve(peer, key, when, junk))
    }

    /// Opens the port of one that floods nobody: it runs the commands, as this user, and hands their output on in data
    /// packets of so many bytes.
    ///
    /// # Errors
    /// If no socket or key is to be had.
    pub fn of_crumbs(piece: usize) -> Result<Self> {
        Self::with(move |peer, key| crumbs::serve(&mut greet(peer, key)?, piece.max(1)))
    }

    fn with(
        serve: impl Fn(TcpStream, &Ed25519KeyPair) -> Result<()> + Copy + Send + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let key = Arc::new(Ed25519KeyPair::generate().ok().context("no host key")?);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for peer in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let key = Arc::clone(&key);
                if let Ok(peer) = peer {
                    // It ends with the connection: that the client goes away is what is waited for.
                    std::thread::spawn(move || serve(peer, &key));
                }
            }
        });
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread out of accept.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, key: &Ed25519KeyPair, when: When, junk: Junk) -> Result<()> {
    if when == When::Greeting {
        loop {
            stream.write_all(&[b"no greeting ".repeat(20), b"\r\n".to_vec()].concat())?;
        }
    }
    if when == When::KeyExchange {
        return offer(stream)?.0.flood(&junk.payload());
    }
    let mut wire = greet(stream, key)?;
    loop {
        let packet = wire.hear()?;
        match packet.first() {
            // A service is asked for.
            Some(5) => wire.send(&[vec![6], packet.get(1..).unwrap_or_default().to_vec()].concat())?,
            Some(50) if when == When::Login => return wire.flood(&junk.payload()),
            Some(50) => {
                wire.send(&[52])?;
                if when == When::LoggedIn {
                    return wire.flood(&junk.payload());
                }
            }
            // A channel: opened at once, with room for all that comes.
            Some(90) => {
                wire.send(&[vec![91], FIRST.to_vec(), vec![0; 4], vec![0, 32, 0, 0, 0, 0, 128, 0]].concat())?
            }
            Some(98) => {
                wire.send(&[vec![99], FIRST.to_vec()].concat())?;
                if when == When::Command {
                    return wire.flood(&junk.payload());
                }
            }
            Some(1) | None => bail!("it left"),
            Some(_) => {}
        }
    }
}

/// Says who it is and what it offers; what both said is what the keys are made of.
fn offer(mut stream: TcpStream) -> Result<(Wire, String, Vec<u8>)> {
    stream.set_nodelay(true)?;
    stream.write_all(format!("{BANNER}\r\n").as_bytes())?;
    let mut theirs = String::new();
    // Nothing beyond the line is read: one byte at a time.
    BufReader::with_capacity(1, &stream).read_line(&mut theirs)?;
    let mut wire = Wire::of(stream);
    let hello = hello();
    wire.send(&hello)?;
    Ok((wire, theirs, hello))
}

/// All that comes before the first packet under keys.
fn greet(stream: TcpStream, key: &Ed25519KeyPair) -> Result<Wire> {
    let (mut wire, theirs, hello) = offer(stream)?;
    exchange(&mut wire, key, theirs.trim_end(), &hello)?;
    Ok(wire)
}

fn hello() -> Vec<u8> {
    let both = |name: &str| [string(name.as_bytes()), string(name.as_bytes())].concat();
    [
        vec![20],
        vec![7; 16],
        string(b"curve25519-sha256"),
        string(b"ssh-ed25519"),
        both("chacha20-poly1305@openssh.com"),
        both("hmac-sha2-256"),
        both("none"),
        both(""),
        vec![0; 5],
    ]
    .concat()
}

/// The key exchange of RFC 8731.
fn exchange(wire: &mut Wire, key: &Ed25519KeyPair, their_banner: &str, hello: &[u8]) -> Result<()> {
    let their_hello = wire.hear()?;
    ensure!(their_hello.first() == Some(&20), "no offer");
    let asked = wire.hear()?;
    ensure!(asked.first() == Some(&30), "no public half");
    let theirs = asked.get(5..).context("no public half")?.to_vec();
    let secret = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).ok().context("no key")?;
    let ours = secret.compute_public_key().ok().context("no public half")?;
    let peer = UnparsedPublicKey::new(&X25519, &theirs);
    let shared =
        agree_ephemeral(secret, peer, (), |shared| Ok(mpint(shared))).ok().context("no agreement")?;
    let blob = [string(b"ssh-ed25519"), string(key.public_key().as_ref())].concat();
    let hash = Sha256::digest(
        [
            string(their_banner.as_bytes()),
            string(BANNER.as_bytes()),
            string(&their_hello),
            string(hello),
            string(&blob),
            string(&theirs),
            string(ours.as_ref()),
            shared.clone(),
        ]
        .concat(),
    );
    let signature = [string(b"ssh-ed25519"), string(key.sign(&hash).as_ref())].concat();
    wire.send(&[vec![31], string(&blob), string(ours.as_ref()), string(&signature)].concat())?;
    wire.send(&[NEW_KEYS])?;
    while wire.hear()?.first() != Some(&NEW_KEYS) {}
    let derive = |letter: u8| {
        let first = Sha256::digest([shared.as_slice(), &hash, &[letter], &hash].concat());
        let second = Sha256::digest([shared.as_slice(), &hash, &first].concat());
        let mut derived = [0; 64];
        derived.iter_mut().zip(first.iter().chain(&second)).for_each(|(to, from)| *to = *from);
        derived
    };
    wire.under(&derive(b'D'), &derive(b'C'));
    Ok(())
}
