//! The executor for nodes behind SSH.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use nixi_core::shell::Mark;
use nixi_core::{
    Arrival, Effect, Enrol, ExecError, Executor, Exit, Fingerprint, Forgotten, Gathered, HostKeys,
    Invocation, Likeness, Node, NodeName, Output, Place, Sink, SshTarget, Unreachable, Welcome,
    command::Login,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::actor::{Exec, Lane, Opening, Trace, WhenFull, random};
use crate::connect::Connector;
use crate::hostkey;
use crate::likeness::Likenesses;
use crate::options::SshOptions;
use crate::pool::{Found, Pool};
use crate::route::{Records, Route, Routes};
use crate::session::{NoOutput, Session};
use crate::shortage::Shortage;

/// How long a node whose host key nobody knows yet has to show it, before a machine is changed that it might be.
const ACQUAINTANCE: Duration = Duration::from_secs(3);
/// How much longer for each one that is met at the same time: key exchanges take turns.
const EACH: Duration = Duration::from_millis(50);

/// Runs commands on nodes behind SSH, over one live connection a node.
///
/// Connections are made when they are first needed, shared by all who need them, replaced when they have ended, and
/// closed when this is dropped.
pub struct SshExecutor {
    connector: Arc<Connector>,
    routes: Routes,
    pool: Pool,
    likenesses: Likenesses,
}

impl SshExecutor {
    /// An executor without any connection yet.
    #[must_use]
    pub fn new(options: SshOptions) -> Self {
        let routes = Routes::new(&options);
        let connector = Arc::new(Connector::new(options));
        Self { pool: Pool::new(Arc::clone(&connector)), routes, connector, likenesses: Likenesses::new() }
    }

    /// The way to a target.
    pub(crate) fn route(&self, target: &SshTarget) -> Result<Arc<Route>, ExecError> {
        self.routes.find(target)
    }

    async fn session(
        &self,
        target: &SshTarget,
        lane: Lane,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<Found, ExecError> {
        let route = self.routes.find(target)?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ExecError::CancelledUnsent),
            found = self.pool.get(&route, lane) => found.map_err(|error| error.explain(&route, node)),
        }
    }

    /// A session that is made now, whatever is connected already: it shows what a login gives now. A login that runs no
    /// command is none.
    async fn log_in(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<(Arc<Route>, Session), ExecError> {
        let login = async {
            let route = self.routes.find(target)?;
            let session = self.pool.log_in(&route, pin).await.map_err(|error| error.explain(&route, node))?;
            match session.check_fitness(cancel).await {
                Ok(()) => Ok((route, session)),
                Err(NoOutput::Final(error)) => Err(error),
                Err(NoOutput::Unsent(why) | NoOutput::Lost(why)) => Err(ended(target, &why)),
                Err(NoOutput::Crowded) => Err(ended(target, "it has no place for a first command")),
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ExecError::CancelledUnsent),
            session = login => session,
        }
    }

    /// Proves that one can log in now. The session takes the place of those that were there: what they allow is what a
    /// login gave when they were made. If it fails, they stay.
    pub(crate) async fn find_anew(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<Session, ExecError> {
        let (route, session) = self.log_in(target, None, node, cancel).await?;
        self.pool.renew(&route, session.clone());
        Ok(session)
    }

    /// Runs a line; see [`Executor::exec`] for what is repeated and what is not.
    ///
    /// With a pin, nothing is sent to a machine of another host key.
    ///
    /// A change has a witness, and without its word the answer is [`ExecError::Lost`]. A read has none, as that costs
    /// another process; but one that worked and printed nothing is what an end that nobody told looks like as well,
    /// and is asked again with a witness. A read that was cut short in the middle passes for one that ended there.
    pub(crate) async fn run(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        exec: Exec,
        terms: impl Into<Terms>,
        cancel: &CancellationToken,
    ) -> Result<Output, ExecError> {
        let Terms { effect, host_key: pin } = terms.into();
        let mut exec = match effect {
            Effect::Scratch | Effect::Change => exec.witnessed().map_err(|error| no_random(&error))?,
            Effect::Read => exec,
        };
        let mut again = true;
        let mut lane = if exec.is_bulk() { Lane::Side } else { Lane::Main };
        loop {
            let session = match self.session(target, lane, node, cancel).await {
                Ok(found) => found.session,
                // The node takes no second connection; there is one, and a place on it will get free.
                Err(ExecError::Unreachable { .. }) if lane == Lane::Side => {
                    lane = Lane::Main;
                    exec.when_full = WhenFull::Waits;
                    self.session(target, lane, node, cancel).await?.session
                }
                Err(error) => return Err(error),
            };
            if let Some(pin) = pin.as_ref().filter(|pin| *pin != session.fingerprint()) {
                return Err(another_machine(target, pin, session.fingerprint()));
            }
            match session.exec(exec.clone(), cancel).await {
                Ok(output) if exec.witness.is_none() && says_nothing(&output, &exec) => {
                    exec = exec.witnessed().map_err(|error| no_random(&error))?;
                }
                Ok(output) => return Ok(output),
                Err(NoOutput::Final(error)) => return Err(error),
                Err(NoOutput::Crowded) => lane = Lane::Side,
                // Nothing went out, so a fresh connection is safe for reads and changes alike.
                Err(NoOutput::Unsent(_)) if again => again = false,
                // One that has a witness was asked twice already, or is a change; what was handed on cannot be taken
                // back.
                Err(NoOutput::Lost(_)) if again && exec.witness.is_none() && !has_begun(&exec) => {
                    again = false
                }
                Err(NoOutput::Unsent(why)) => return Err(ended(target, &why)),
                Err(NoOutput::Lost(why)) => return Err(ExecError::Lost(why)),
            }
        }
    }

    /// Has a node show its host key, once a run; whoever comes meanwhile waits with the first.
    async fn meet(&self, route: &Arc<Route>, patience: Duration) {
        let met = self.likenesses.met(route);
        // A login or not: what counts is the key that is shown on the way.
        let show = || timeout(patience, self.pool.get(route, Lane::Main));
        met.get_or_init(|| async { drop(show().await) }).await;
    }

    /// The jump hosts of a target as their keys are recorded, also those that only the user's SSH configuration names.
    fn jump_hosts(&self, target: &SshTarget) -> Vec<SshTarget> {
        let nearest = self.routes.find(target).ok().and_then(|route| route.via.clone());
        let hosts = std::iter::successors(nearest, |route| route.via.clone());
        let recorded = |route: Arc<Route>| {
            let (host, port) = route.known_as.clone();
            SshTarget { host, port, ..target.clone() }
        };
        hosts.map(recorded).collect()
    }

    /// A target as its keys are recorded, those that stay as theirs are, and the files.
    fn recorded(
        &self,
        target: &SshTarget,
        kept: &[SshTarget],
    ) -> Result<(SshTarget, Vec<SshTarget>, Records), String> {
        let recorded =
            |target: &SshTarget| self.routes.as_recorded(target).map_err(|error| error.to_string());
        let ours = recorded(target)?;
        // A host of which that cannot be told keeps what goes by its plain name.
        let itself = |kept: &SshTarget| recorded(kept).unwrap_or_else(|_| kept.clone());
        let kept =
            kept.iter().flat_map(|kept| std::iter::once(itself(kept)).chain(self.jump_hosts(kept))).collect();
        let records = self.routes.records(target).map_err(|error| error.to_string())?;
        Ok((ours, kept, records))
    }

    /// Finds a session alive, or makes one; nothing is run.
    pub(crate) async fn find_alive(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<Session, ExecError> {
        let Found { session, fresh } = self.session(target, Lane::Main, node, cancel).await?;
        if fresh {
            return Ok(session);
        }
        match session.probe(cancel).await {
            Ok(()) => Ok(session),
            Err(NoOutput::Final(error)) => Err(error),
            Err(NoOutput::Unsent(_) | NoOutput::Lost(_) | NoOutput::Crowded) => {
                self.session(target, Lane::Main, node, cancel).await.map(|found| found.session)
            }
        }
    }
}

/// On which terms a line is run.
pub(crate) struct Terms {
    pub(crate) effect: Effect,
    /// The only machine that it is for.
    pub(crate) host_key: Option<Fingerprint>,
}

impl From<Effect> for Terms {
    /// On whatever machine answers.
    fn from(effect: Effect) -> Self {
        Self { effect, host_key: None }
    }
}

impl From<&Invocation> for Terms {
    fn from(run: &Invocation) -> Self {
        Self { effect: run.effect(), host_key: run.host_key().cloned() }
    }
}

/// What is left of an answer that never came.
fn says_nothing(output: &Output, exec: &Exec) -> bool {
    output.exit == Exit::Code(0) && output.stdout.is_empty() && !has_begun(exec)
}

/// Whether a part of the answer was handed on.
fn has_begun(exec: &Exec) -> bool {
    exec.sink.as_ref().is_some_and(Sink::has_begun)
}

pub(crate) fn no_random(error: &std::io::Error) -> ExecError {
    Shortage::new(
        format!("this machine gives no random numbers ({error})"),
        "look at /dev/urandom of this machine",
    )
    .explain("send the command")
}

fn another_machine(target: &SshTarget, pin: &Fingerprint, answers: &Fingerprint) -> ExecError {
    ExecError::Unreachable {
        reason: Unreachable::HostKeyChanged,
        detail: format!(
            "another machine answers as {} now: its host key is {answers}, and the command is for the one of {pin}; \
             nothing was sent",
            target.host
        ),
        hint: Some("ask again to get a new plan".to_owned()),
    }
}

fn ended(target: &SshTarget, why: &str) -> ExecError {
    ExecError::Unreachable {
        reason: Unreachable::Protocol,
        detail: format!("the connection to {} ended before the command was sent: {why}", target.host),
        hint: None,
    }
}

fn not_remote(node: &Node) -> ExecError {
    ExecError::Unfit {
        detail: format!("{} is the controller, which is not reached over SSH", node.name()),
        hint: "this is a fault of Nixi; please report it".to_owned(),
    }
}

#[async_trait]
impl Executor for SshExecutor {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        let node = run.node();
        let target = node.ssh().ok_or_else(|| not_remote(node))?;
        let user = self.routes.find(target)?.user.clone();
        let mark = Mark::new(random().map_err(|error| no_random(&error))?);
        let line = run.remote_line(&user, &mark)?;
        let trace = Some(Trace { mark, elevation: run.elevation_for(&user) });
        let exec = Exec {
            trace,
            input: run.input().cloned(),
            sink: run.sink().cloned(),
            listener: run.listener().cloned(),
            opening: if run.is_plain_read() { Opening::WithCanary } else { Opening::AfterCanary },
            ..Exec::new(line, run.deadline(), Invocation::OUTPUT_LIMIT)
        };
        self.run(target, Some(node.name()), exec, &run, run.cancel()).await
    }

    async fn gather(&self, reads: Gathered) -> Vec<Result<Output, ExecError>> {
        let (node, count) = (reads.node().clone(), reads.each().len());
        let ends = match node.ssh() {
            Some(target) => self.run_gathered(reads, target).await,
            None => Err(not_remote(&node)),
        };
        ends.unwrap_or_else(|error| vec![Err(error); count])
    }

    fn place(&self, target: &SshTarget) -> Place {
        self.routes.place(target)
    }

    fn login(&self, node: &Node) -> Login {
        match node.ssh().map(|ssh| self.routes.place(ssh)) {
            Some(place) if place.user.is_root() => Login::Root,
            Some(_) | None => Login::Other,
        }
    }

    async fn reach(&self, node: &Node, cancel: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        let target = node.ssh().ok_or_else(|| not_remote(node))?;
        self.find_alive(target, Some(node.name()), cancel).await.map(|session| Some(session.arrival()))
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        let target = node.ssh().ok_or_else(|| not_remote(node))?;
        self.find_anew(target, Some(node.name()), cancel).await.map(|session| Some(session.arrival()))
    }
}

#[async_trait]
impl Enrol for SshExecutor {
    async fn key_login(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
        cancel: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        let (route, session) = self.log_in(target, pin, None, cancel).await?;
        // Whatever was connected before may be another machine by now.
        self.pool.replace(&route, session.clone());
        let Arrival { host_key: fingerprint, way } = session.arrival();
        Ok(Welcome { fingerprint, host_key: session.host_key(), way })
    }
}

#[async_trait]
impl HostKeys for SshExecutor {
    async fn likenesses(
        &self,
        node: &Node,
        arrival: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        let tell = || self.likenesses.tell(&self.connector, &self.routes, node, arrival, others);
        let told = tell().await?;
        let untold = others.iter().zip(&told).filter(|(_, likeness)| **likeness == Likeness::Untold);
        let routes = untold.filter_map(|(other, _)| self.routes.find(other.ssh()?).ok());
        let strangers: Vec<Arc<Route>> = routes.collect();
        if strangers.is_empty() {
            return Ok(told);
        }
        let patience = ACQUAINTANCE + EACH * u32::try_from(strangers.len()).unwrap_or(u32::MAX);
        join_all(strangers.iter().map(|route| self.meet(route, patience))).await;
        tell().await
    }

    fn forget(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Forgotten, String> {
        let (ours, kept, records) = self.recorded(target, kept)?;
        let usual = &self.connector.options().known_hosts;
        let mut forgotten = Forgotten { lines: 0, file: records.new.as_ref().unwrap_or(usual).clone() };
        let mut failed = None;
        for file in &records.user {
            match hostkey::forget(file, &ours, &kept) {
                Ok(Forgotten { lines: 0, .. }) => {}
                Ok(Forgotten { lines, file }) => {
                    // Where it stood is told of the first file that it stood in.
                    let file = if forgotten.lines == 0 { file } else { forgotten.file };
                    forgotten = Forgotten { lines: forgotten.lines + lines, file };
                }
                Err(error) => failed = Some((file, error)),
            }
        }
        // After the files: what connected in between was judged by the old ones.
        self.pool.forget(&(ours.host, ours.port));
        match failed {
            Some((file, error)) => {
                Err(format!("failed to take {} out of {}: {error}", target.host, file.display()))
            }
            None => Ok(forgotten),
        }
    }

    fn on_record(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Vec<String>, String> {
        let (ours, kept, records) = self.recorded(target, kept)?;
        let mut lines = Vec::new();
        for file in &records.user {
            let found = hostkey::on_record(file, &ours, &kept);
            lines.extend(found.map_err(|error| format!("failed to read {}: {error}", file.display()))?);
        }
        Ok(lines)
    }

    fn remember(&self, target: &SshTarget, lines: &[String]) -> Result<Forgotten, String> {
        let (ours, ..) = self.recorded(target, &[])?;
        let file = &self.connector.options().known_hosts;
        hostkey::remember(file, &ours, lines)
            .map_err(|error| format!("failed to write {}: {error}", file.display()))
    }
}
