//! From a host and a port to an authenticated session.
//!
//! Nothing waits for the network on a thread: libssh2 runs non-blocking, one step at a time, and only the steps
//! themselves, which cost processor time, are bounded. So a host that does not answer, at whatever point, holds no
//! place that another one needs.

mod auth;
mod budget;
mod error;
mod link;
mod tcp;

use std::sync::Arc;

use nixi_core::{Fingerprint, HostKeyState, SshTarget};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub(crate) use error::ConnectError;
pub(crate) use link::{Link, code, would_block};

use crate::hostkey::{self, HostKey, Known, KnownHosts, Verdict};
use crate::options::SshOptions;
use budget::Budget;

/// An authenticated session, and whom it is with.
pub(crate) struct Connected {
    pub(crate) link: Link,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) host_key: HostKeyState,
}

/// Connects; shared by all nodes.
pub(crate) struct Connector {
    options: SshOptions,
    places: Places,
}

/// Bounds on what a crowd of connects may take at once.
struct Places {
    /// Steps of key exchange and login: they are pure computing.
    computing: Arc<Semaphore>,
    /// Name lookups and agent questions: each may hold a thread for long.
    lookups: Arc<Semaphore>,
    agent: Arc<Semaphore>,
}

impl Connector {
    pub(crate) fn new(options: SshOptions) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let places = Places {
            computing: Arc::new(Semaphore::new(cores * 2)),
            lookups: Arc::new(Semaphore::new(64)),
            agent: Arc::new(Semaphore::new(8)),
        };
        Self { options, places }
    }

    pub(crate) fn options(&self) -> &SshOptions {
        &self.options
    }

    /// Connects and logs in, within one limit. With a pin, no other host key is taken, whatever is recorded.
    pub(crate) async fn connect(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
    ) -> Result<Connected, ConnectError> {
        let mut budget = Budget::new(self.options.connect_timeout);
        let known = self.known(target).await?;
        let mut others: Vec<HostKey> = Vec::new();
        loop {
            let attempt = match hostkey::algorithms(&known, &others) {
                Some(algorithms) => self.greet(target, &algorithms, &mut budget).await,
                None => Err(ConnectError::Protocol("it has no further key".to_owned())),
            };
            match (attempt, pin) {
                // It has no further key that the pin could mean.
                (Err(ConnectError::Protocol(_)), Some(pin)) if !others.is_empty() => {
                    return Err(ConnectError::NotPinned { offered: others, pin: pin.clone() });
                }
                (Err(error), _) => return Err(error),
                // The pin may be the fingerprint of another of its keys.
                (Ok((_, offered)), Some(pin)) if *pin != offered.fingerprint() => others.push(offered),
                (Ok((link, offered)), _) => {
                    return self.enter(target, &known, link, &offered, &mut budget).await;
                }
            }
        }
    }

    /// Up to where the host has proved which key it holds.
    async fn greet(
        &self,
        target: &SshTarget,
        algorithms: &str,
        budget: &mut Budget,
    ) -> Result<(Link, HostKey), ConnectError> {
        let socket = tcp::open(target, budget, &self.places.lookups).await?;
        let mut link = Link::new(socket, algorithms)?;
        link.handshake(budget, &self.places.computing).await?;
        let offered = link.host_key()?;
        Ok((link, offered))
    }

    /// Checks the key, logs in, and records a new key only then.
    async fn enter(
        &self,
        target: &SshTarget,
        known: &Known,
        mut link: Link,
        offered: &HostKey,
        budget: &mut Budget,
    ) -> Result<Connected, ConnectError> {
        let host_key = trust(hostkey::judge(known, offered), offered)?;
        auth::login(&mut link, target, &self.options, budget, &self.places).await?;
        if host_key == HostKeyState::New {
            self.record(target, offered).await?;
        }
        Ok(Connected { link, fingerprint: offered.fingerprint(), host_key })
    }

    async fn known(&self, target: &SshTarget) -> Result<Known, ConnectError> {
        let SshOptions { known_hosts, system_known_hosts, .. } = self.options.clone();
        let load = spawn_blocking(move || KnownHosts::load(&known_hosts, &system_known_hosts));
        let files = load.await.map_err(ConnectError::internal)?;
        let files = files.map_err(|error| ConnectError::KnownHosts(error.to_string()))?;
        Ok(files.of(target.host.as_str(), target.port.get()))
    }

    async fn record(&self, target: &SshTarget, key: &HostKey) -> Result<(), ConnectError> {
        let (file, host, port) = (self.options.known_hosts.clone(), target.host.clone(), target.port.get());
        let offered = key.clone();
        let written = spawn_blocking(move || hostkey::record(&file, host.as_str(), port, &offered));
        let verdict = written.await.map_err(ConnectError::internal)?.map_err(|error| {
            ConnectError::KnownHosts(format!(
                "failed to record the host key in {}: {error}",
                self.options.known_hosts.display()
            ))
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
            Err(ConnectError::Changed { offered: offered.clone(), known, place })
        }
        Verdict::Revoked { place } => Err(ConnectError::Revoked { offered: offered.clone(), place }),
        Verdict::Undecided(gap) => Err(ConnectError::Undecided { offered: offered.clone(), gap }),
    }
}
