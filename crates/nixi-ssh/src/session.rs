//! A live connection to one node, shared by everyone who needs it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nixi_core::shell::Frames;
use nixi_core::{Arrival, ExecError, Fingerprint, HostKeyState, Output, Stop, Unreachable};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::actor::{Exec, Failure, Handle, Lane, NoTunnel, Opening, SoFar, random};
use crate::canary::Canary;
use crate::connect::Connected;
use crate::route::Route;

/// The longest line that is sent: libssh2 puts it into one packet (35,000 bytes with its frame).
pub(crate) const LONGEST_LINE: usize = 32_000;
/// The most that is read of what a canary comes back with.
const CANARY_LIMIT: usize = 64 * 1024;

/// A connection; the copies are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    handle: Handle,
    route: Arc<Route>,
    fingerprint: Fingerprint,
    host_key: HostKeyState,
    patience: Duration,
    /// The session with the jump host that carries this one; it lives as long as this does.
    carrier: Option<Session>,
    /// The address that answered, if nothing carries it.
    address: Option<IpAddr>,
    /// Set once the login shell was found fit.
    fit: OnceCell<()>,
    /// Whether a read has gone out together with a canary.
    carries: AtomicBool,
}

/// Why a command gave no output.
#[derive(Debug)]
pub(crate) enum NoOutput {
    /// The connection ended first; nothing was sent.
    Unsent(String),
    /// The connection ended after it was sent.
    Lost(String),
    /// There was no place for it on this connection; nothing was sent.
    Crowded,
    /// Anything that another connection would not mend.
    Final(ExecError),
}

/// What came of a canary that carried a read.
enum Carried {
    /// The login is fit, and this is the answer.
    Both(Output),
    /// The login is fit; the read has to be sent again.
    Canary,
    /// Nothing that counts.
    Nothing,
}

impl Session {
    pub(crate) fn start(
        connected: Connected<Self>,
        route: Arc<Route>,
        patience: Duration,
        lane: Lane,
    ) -> Self {
        let Connected { link, fingerprint, host_key, carrier, address } = connected;
        let handle = Handle::start(link, patience, lane);
        Self {
            shared: Arc::new(Shared {
                handle,
                route,
                fingerprint,
                host_key,
                patience,
                carrier,
                address,
                fit: OnceCell::new(),
                carries: AtomicBool::new(false),
            }),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.shared.handle.is_over()
    }

    /// Whether nobody but the pool holds it.
    pub(crate) fn is_idle(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.shared.fingerprint
    }

    /// Who answered, and by which way.
    pub(crate) fn arrival(&self) -> Arrival {
        Arrival { host_key: self.fingerprint().clone(), way: self.way() }
    }

    fn way(&self) -> Vec<Stop> {
        let Shared { route, carrier, address, .. } = &*self.shared;
        let mut way = carrier.as_ref().map(Self::way).unwrap_or_default();
        let (host, user) = (route.host.clone(), route.user.clone());
        way.push(Stop { host, address: *address, port: route.port, user });
        way
    }

    pub(crate) fn host_key(&self) -> HostKeyState {
        self.shared.host_key
    }

    /// Runs a line, after the canary if this is the first.
    pub(crate) async fn exec(&self, exec: Exec, cancel: &CancellationToken) -> Result<Output, NoOutput> {
        if exec.line.len() > LONGEST_LINE {
            return Err(NoOutput::Final(ExecError::Unfit {
                detail: format!(
                    "the command is {} bytes long; at most {LONGEST_LINE} can be sent",
                    exec.line.len()
                ),
                hint: "act on fewer things at once".to_owned(),
            }));
        }
        // One alone: whoever comes meanwhile does not wait for a read to end, and sends a canary of its own.
        let may_carry = exec.opening == Opening::WithCanary && !self.shared.fit.initialized();
        if may_carry && !self.shared.carries.swap(true, Ordering::Relaxed) {
            match self.carry(&exec, cancel).await? {
                Carried::Both(output) => {
                    self.found_fit();
                    return Ok(output);
                }
                Carried::Canary => self.found_fit(),
                Carried::Nothing => {}
            }
        }
        self.check_fitness(cancel).await?;
        self.shared.handle.exec(exec, cancel).await.map_err(|failure| self.no_output(failure))
    }

    /// Notes what a canary has shown.
    fn found_fit(&self) {
        // Another may have shown it as well.
        let _ = self.shared.fit.set(());
    }

    /// Sends the canary and a read as one command.
    async fn carry(&self, exec: &Exec, cancel: &CancellationToken) -> Result<Carried, NoOutput> {
        let Ok(number) = random() else { return Ok(Carried::Nothing) };
        let (canary, frames, so_far) = (Canary::new(), Frames::new(number), SoFar::default());
        let line = frames.line([canary.line.as_str(), exec.line.as_str()]);
        if line.len() > LONGEST_LINE {
            return Ok(Carried::Nothing);
        }
        let begins_within = Some(self.shared.patience);
        let both = Exec { line, begins_within, so_far: Some(so_far.clone()), ..exec.clone() };
        let (stdout, stderr, late) = match self.shared.handle.exec(both, cancel).await {
            Ok(Output { stdout, stderr, .. }) => (stdout, stderr, None),
            Err(failure @ (Failure::Deadline(_) | Failure::Lost(_))) => {
                let [stdout, stderr] = so_far.take();
                (stdout, stderr, Some(failure))
            }
            Err(failure) => return Err(self.no_output(failure)),
        };
        let told = frames.split(&stdout, &stderr);
        let mut told = told.into_iter();
        let is_fit = told.next().is_some_and(|back| canary.check(&back, &self.shared.route).is_ok());
        match (is_fit, told.next(), late) {
            (true, Some(output), _) => Ok(Carried::Both(output)),
            (true, None, None) => Ok(Carried::Canary),
            (true, None, Some(late)) => {
                if let Some(so_far) = &exec.so_far {
                    so_far.leave(frames.under_way(&stdout, &stderr).map(<[u8]>::to_vec));
                }
                Err(self.no_output(late))
            }
            // Nobody has seen the login shell answer, so the node is told of and not the read.
            (false, _, Some(Failure::Lost(why))) if self.shared.handle.is_flooded() => {
                Err(self.dropped("its login shell answered", &why))
            }
            (false, _, Some(lost @ Failure::Lost(_))) => Err(self.no_output(lost)),
            (false, _, Some(_)) => Err(self.silent(self.shared.patience.min(exec.deadline))),
            // By itself it tells what is wrong.
            (false, _, None) => Ok(Carried::Nothing),
        }
    }

    fn silent(&self, limit: Duration) -> NoOutput {
        NoOutput::Final(ExecError::Unreachable {
            reason: Unreachable::Timeout,
            detail: format!(
                "{}@{} logs in, but its login shell did not answer within {limit:?}",
                self.shared.route.user, self.shared.route.name
            ),
            hint: None,
        })
    }

    /// The connection was flooded before anything came of it.
    fn dropped(&self, before: &str, why: &str) -> NoOutput {
        NoOutput::Final(ExecError::Unreachable {
            reason: Unreachable::Protocol,
            detail: format!(
                "the connection to {} was dropped before {before}: {why}",
                self.shared.route.name
            ),
            hint: None,
        })
    }

    /// Opens a way to a machine behind this one.
    pub(crate) async fn tunnel(&self, host: &str, port: u16) -> Result<UnixStream, NoTunnel> {
        self.shared.handle.tunnel(host, port).await
    }

    /// Whether a machine that does not answer blocks the way to others.
    pub(crate) fn is_clogged(&self) -> bool {
        self.shared.handle.is_clogged()
    }

    /// Sends the canary, unless one came back already.
    pub(crate) async fn check_fitness(&self, cancel: &CancellationToken) -> Result<(), NoOutput> {
        self.shared.fit.get_or_try_init(|| self.send_canary(cancel)).await.copied()
    }

    async fn send_canary(&self, cancel: &CancellationToken) -> Result<(), NoOutput> {
        let canary = Canary::new();
        let exec = Exec::new(canary.line.clone(), self.shared.patience, CANARY_LIMIT);
        match self.shared.handle.exec(exec, cancel).await {
            Ok(output) => canary.check(&output, &self.shared.route).map_err(NoOutput::Final),
            // The command itself was never sent, whatever became of its canary.
            Err(Failure::Lost(why)) => Err(self.no_output(Failure::Unsent(why))),
            Err(Failure::Cancelled) => Err(NoOutput::Final(ExecError::CancelledUnsent)),
            Err(Failure::Deadline(limit)) => Err(self.silent(limit)),
            Err(
                failure @ (Failure::Unsent(_)
                | Failure::Crowded
                | Failure::Denied(_)
                | Failure::CancelledUnsent),
            ) => Err(self.no_output(failure)),
        }
    }

    /// Makes sure that the other side still lives.
    pub(crate) async fn probe(&self, cancel: &CancellationToken) -> Result<(), NoOutput> {
        self.shared.handle.probe(cancel).await.map_err(|failure| match failure {
            // A probe is nothing that could have run.
            Failure::Cancelled | Failure::CancelledUnsent => NoOutput::Final(ExecError::CancelledUnsent),
            Failure::Unsent(_)
            | Failure::Lost(_)
            | Failure::Crowded
            | Failure::Denied(_)
            | Failure::Deadline(_) => self.no_output(failure),
        })
    }

    /// A connection that goes with that to its jump host says so.
    fn with_carrier(&self, why: String) -> String {
        match &self.shared.carrier {
            Some(carrier) if carrier.is_over() => {
                format!("{why}; its jump host {} is gone", carrier.shared.route.name)
            }
            Some(_) | None => why,
        }
    }

    fn no_output(&self, failure: Failure) -> NoOutput {
        match failure {
            Failure::Unsent(why) if self.shared.handle.is_flooded() => {
                self.dropped("the command was sent", &why)
            }
            Failure::Lost(why) if self.shared.handle.is_flooded() => NoOutput::Final(ExecError::Lost(why)),
            Failure::Unsent(why) => NoOutput::Unsent(self.with_carrier(why)),
            Failure::Lost(why) => NoOutput::Lost(self.with_carrier(why)),
            Failure::Crowded => NoOutput::Crowded,
            Failure::Deadline(limit) => NoOutput::Final(ExecError::Deadline(limit)),
            Failure::CancelledUnsent => NoOutput::Final(ExecError::CancelledUnsent),
            Failure::Cancelled => NoOutput::Final(ExecError::Cancelled),
            Failure::Denied(why) => NoOutput::Final(ExecError::Unfit {
                detail: format!(
                    "the login {}@{} cannot be used: {why}",
                    self.shared.route.user, self.shared.route.name
                ),
                hint: "look for MaxSessions, ForceCommand and Match blocks in the node's sshd_config"
                    .to_owned(),
            }),
        }
    }
}
