//! From a host and a port to an authenticated session.
//!
//! Nothing waits for the network on a thread: libssh2 runs non-blocking, one step at a time. So many connect at a time,
//! but a host that does not answer, at whatever point, soon holds no place that another one needs.

mod agent;
mod auth;
mod budget;
mod dial;
mod error;
mod jump_hosts;
mod key_file;
mod link;
mod relay;
mod stream;
mod tcp;
mod turn;

use std::net::IpAddr;
use std::sync::Arc;

use nixi_core::{Fingerprint, HostKeyState, Port};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

pub(crate) use budget::Budget;
pub(crate) use dial::AT_A_DOOR;
pub(crate) use error::ConnectError;
pub(crate) use jump_hosts::{Carried, JumpHosts};
pub(crate) use link::{Link, code, would_block};

use crate::hostkey::{self, HostKey, Known, KnownHosts, Shown, Verdict};
use crate::options::SshOptions;
use crate::route::Route;
use agent::Agents;
use dial::{Dials, Guest};
use stream::{Socket, Stream};
use turn::Turn;

/// An authenticated session, and whom it is with.
pub(crate) struct Connected<C> {
    pub(crate) link: Link,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) host_key: HostKeyState,
    /// The session with the jump host that carries it.
    pub(crate) carrier: Option<C>,
    /// The address that answered, if nothing carries it.
    pub(crate) address: Option<IpAddr>,
}

/// Connects; shared by all nodes.
pub(crate) struct Connector {
    options: SshOptions,
    places: Places,
    shown: Shown,
}

/// Bounds on what a crowd of connects may take at once.
struct Places {
    /// Key exchanges and logins, and the first dials: see [`turn`].
    turns: Arc<Semaphore>,
    /// The record of host keys, which one at a time writes: others of our own would wait for the lock of its folder in
    /// vain.
    record: Arc<Semaphore>,
    /// Name lookups: each may hold a thread for long.
    lookups: Arc<Semaphore>,
    agents: Agents,
    /// Calls to machines that have not answered yet.
    dials: Dials,
}

/// A host that has proved which key it holds.
struct Greeted<C> {
    link: Link,
    offered: HostKey,
    carrier: Option<C>,
    address: Option<IpAddr>,
    /// Its place among those that log in there.
    place: Entrance,
}

/// A place among those that one listener lets in.
enum Entrance {
    AtItsDoor { _guest: Guest },
    BehindAJumpHost { _place: OwnedSemaphorePermit },
}

impl Connector {
    pub(crate) fn new(options: SshOptions) -> Self {
        let places = Places {
            turns: Arc::new(Semaphore::new(turn::AT_ONCE)),
            record: Arc::new(Semaphore::new(1)),
            lookups: Arc::new(Semaphore::new(64)),
            agents: Agents::default(),
            dials: Dials::new(),
        };
        Self { options, places, shown: Shown::default() }
    }

    pub(crate) fn options(&self) -> &SshOptions {
        &self.options
    }

    /// The keys that hosts have shown so far.
    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Connects and logs in, within one limit that covers the jump hosts too. With a pin, no other host key is taken,
    /// whatever is recorded.
    pub(crate) async fn connect<J: JumpHosts>(
        &self,
        route: &Route,
        pin: Option<&Fingerprint>,
        jumps: &J,
    ) -> Result<Connected<J::Carrier>, ConnectError> {
        let mut budget = Budget::new(self.options.connect_timeout);
        let known = self.known(route, route.known_as.0.as_str(), route.known_as.1).await?;
        let mut others: Vec<HostKey> = Vec::new();
        loop {
            let attempt = match hostkey::algorithms(&known, &others) {
                Some(algorithms) => self.greet(route, &algorithms, &mut budget, jumps).await,
                None => Err(ConnectError::Protocol("it has no further key".to_owned())),
            };
            match (attempt, pin) {
                // It has no further key that the pin could mean.
                (Err(ConnectError::Protocol(_)), Some(pin)) if !others.is_empty() => {
                    return Err(ConnectError::NotPinned { offered: others, pin: pin.clone() });
                }
                (Err(error), _) => return Err(error),
                // The pin may be the fingerprint of another of its keys.
                (Ok(Greeted { offered, .. }), Some(pin)) if *pin != offered.fingerprint() => {
                    others.push(offered)
                }
                (Ok(greeted), pin) => {
                    return self.enter(route, &known, greeted, pin.is_some(), &mut budget).await;
                }
            }
        }
    }

    /// Up to where the host has proved which key it holds.
    async fn greet<J: JumpHosts>(
        &self,
        route: &Route,
        algorithms: &str,
        budget: &mut Budget,
        jumps: &J,
    ) -> Result<Greeted<J::Carrier>, ConnectError> {
        let turn = Turn::new(&self.places.turns);
        let (socket, carrier, place) = match &route.via {
            None => {
                let head_start = turn::head_start();
                let addresses = tcp::find(route, budget, &self.places.lookups).await?;
                let first = *addresses.first().ok_or_else(|| ConnectError::internal("no address"))?;
                // No turn is held while waiting for this: those who stand at the door need one.
                let dials = &self.places.dials;
                let knock = dials.knock(first, budget).await?;
                turn.take_by(head_start, budget).await?;
                let answer = async {
                    let stream = dials.call(tcp::open(&addresses, budget)).await?;
                    Socket::greeted(Stream::Tcp(stream), budget, || dials.crowd()).await
                };
                let (socket, guest) = turn.linger(knock.wait(answer)).await?;
                (socket, None, Entrance::AtItsDoor { _guest: guest })
            }
            // The jump host takes a turn of its own.
            Some(via) => {
                let Carried { stream, carrier } = jumps.open(via, route, budget).await?;
                let greeted = Socket::greeted(Stream::Tunnel(stream), budget, || None);
                let socket = turn.linger(greeted).await?;
                // From here on it is there and speaks: one that does not holds no place.
                let place = jumps.place_behind(via, budget).await?;
                (socket, Some(carrier), Entrance::BehindAJumpHost { _place: place })
            }
        };
        let address = socket.stream.peer();
        let mut link = Link::new(socket, algorithms, turn)?;
        link.handshake(budget).await?;
        let offered = link.host_key()?;
        self.shown.note(&route.known_as, &offered);
        Ok(Greeted { link, offered, carrier, address, place })
    }

    /// Checks the key, logs in, and records a new key only then.
    async fn enter<C>(
        &self,
        route: &Route,
        known: &Known,
        greeted: Greeted<C>,
        pinned: bool,
        budget: &mut Budget,
    ) -> Result<Connected<C>, ConnectError> {
        let Greeted { mut link, offered, carrier, address, place } = greeted;
        if let Some(bits) = offered.rsa_bits().filter(|bits| *bits < route.rsa_bits) {
            return Err(ConnectError::Weak { offered, bits, least: route.rsa_bits });
        }
        let host_key = trust(hostkey::judge(known, &offered), &offered)?;
        self.check_address(route, address, &offered).await?;
        if host_key == HostKeyState::New && route.strict && !pinned {
            return Err(ConnectError::Unknown(offered));
        }
        auth::login(&mut link, route, &self.options, budget, &self.places).await?;
        link.steps_aside();
        drop(place);
        if host_key == HostKeyState::New {
            self.record(route, &offered).await?;
        }
        Ok(Connected { link, fingerprint: offered.fingerprint(), host_key, carrier, address })
    }

    /// `CheckHostIP yes`: where a key is on record for the address, it is this one. As in ssh, a loopback address is not looked at.
    async fn check_address(
        &self,
        route: &Route,
        address: Option<IpAddr>,
        offered: &HostKey,
    ) -> Result<(), ConnectError> {
        let Some(address) = address.filter(|address| route.check_ip && !address.is_loopback()) else {
            return Ok(());
        };
        let known = self.known(route, &address.to_canonical().to_string(), route.port).await?;
        match trust(hostkey::judge(&known, offered), offered) {
            Err(ConnectError::Changed { offered, known, place, .. }) => {
                Err(ConnectError::Changed { offered, known, place, of: Some(address) })
            }
            judged => judged.map(drop),
        }
    }

    /// What is on record for a name and port, in the files of a route.
    async fn known(&self, route: &Route, host: &str, port: Port) -> Result<Known, ConnectError> {
        let records = route.records.clone();
        let load = spawn_blocking(move || KnownHosts::load(&records));
        let files = load.await.map_err(ConnectError::internal)?;
        let files = files.map_err(|error| ConnectError::KnownHosts(error.to_string()).or_short())?;
        Ok(files.of(host, port.get()))
    }

    /// Writes a new key down, if a file is there to be written.
    async fn record(&self, route: &Route, key: &HostKey) -> Result<(), ConnectError> {
        let Some(file) = route.records.new.clone() else { return Ok(()) };
        let (shown, (host, port)) = (file.display().to_string(), route.known_as.clone());
        let offered = key.clone();
        let _place = self.places.record.acquire().await.map_err(ConnectError::internal)?;
        let written = spawn_blocking(move || hostkey::record(&file, host.as_str(), port.get(), &offered));
        let verdict = written.await.map_err(ConnectError::internal)?.map_err(|error| {
            ConnectError::KnownHosts(format!("failed to record the host key in {shown}: {error}")).or_short()
        })?;
        trust(verdict, key).map(drop)
    }
}

/// Whether a key may be used.
fn trust(verdict: Verdict, offered: &HostKey) -> Result<HostKeyState, ConnectError> {
    match verdict {
        Verdict::Known => Ok(HostKeyState::Known),
        Verdict::New => Ok(HostKeyState::New),
        Verdict::Changed { known, place } => {
            Err(ConnectError::Changed { offered: offered.clone(), known, place, of: None })
        }
        Verdict::Revoked { place } => Err(ConnectError::Revoked { offered: offered.clone(), place }),
        Verdict::Undecided(gap) => Err(ConnectError::Undecided { offered: offered.clone(), gap }),
    }
}
