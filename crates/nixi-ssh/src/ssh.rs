//! The executor for nodes behind SSH.

use std::sync::Arc;

use async_trait::async_trait;
use nixi_core::{
    Effect, Enrol, ExecError, Executor, Exit, Fingerprint, Forgotten, HostKeys, Invocation, Node, NodeName,
    Output, SshTarget, Unreachable, Welcome,
};
use tokio_util::sync::CancellationToken;

use crate::actor::Exec;
use crate::connect::{ConnectError, Connector};
use crate::hostkey;
use crate::options::SshOptions;
use crate::pool::{Found, Pool};
use crate::session::{NoOutput, Session};

/// Runs commands on nodes behind SSH, over one live connection a node.
///
/// Connections are made when they are first needed, shared by all who need them, replaced when they have ended, and
/// closed when this is dropped.
pub struct SshExecutor {
    connector: Arc<Connector>,
    pool: Pool,
}

impl SshExecutor {
    /// An executor without any connection yet.
    #[must_use]
    pub fn new(options: SshOptions) -> Self {
        let connector = Arc::new(Connector::new(options));
        Self { pool: Pool::new(Arc::clone(&connector)), connector }
    }

    async fn session(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<Found, ExecError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ExecError::CancelledUnsent),
            found = self.pool.get(target) => found.map_err(|error| error.explain(target, node)),
        }
    }

    /// Runs a line; see [`Executor::exec`] for what is repeated and what is not.
    ///
    /// A change has a witness, and without its word the answer is [`ExecError::Lost`]. A read has none, as that costs
    /// another process; but one that worked and printed nothing is what an end that nobody told looks like as well,
    /// and is asked again with a witness. A read that was cut short in the middle passes for one that ended there.
    pub(crate) async fn run(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        exec: Exec,
        effect: Effect,
        cancel: &CancellationToken,
    ) -> Result<Output, ExecError> {
        let mut exec = match effect {
            Effect::Change => exec.witnessed().map_err(|error| no_witness(&error))?,
            Effect::Read => exec,
        };
        let mut again = true;
        loop {
            let Found { session, .. } = self.session(target, node, cancel).await?;
            match session.exec(exec.clone(), cancel).await {
                Ok(output) if exec.witness.is_none() && says_nothing(&output) => {
                    exec = exec.witnessed().map_err(|error| no_witness(&error))?;
                }
                Ok(output) => return Ok(output),
                Err(NoOutput::Final(error)) => return Err(error),
                // Nothing went out, so a fresh connection is safe for reads and changes alike.
                Err(NoOutput::Unsent(_)) if again => again = false,
                // One that has a witness was asked twice already, or is a change.
                Err(NoOutput::Lost(_)) if again && exec.witness.is_none() => again = false,
                Err(NoOutput::Unsent(why)) => return Err(ended(target, &why)),
                Err(NoOutput::Lost(why)) => return Err(ExecError::Lost(why)),
            }
        }
    }

    /// Finds a session alive, or makes one; nothing is run.
    pub(crate) async fn find_alive(
        &self,
        target: &SshTarget,
        node: Option<&NodeName>,
        cancel: &CancellationToken,
    ) -> Result<Session, ExecError> {
        let Found { session, fresh } = self.session(target, node, cancel).await?;
        if fresh {
            return Ok(session);
        }
        match session.probe(cancel).await {
            Ok(()) => Ok(session),
            Err(NoOutput::Final(error)) => Err(error),
            Err(NoOutput::Unsent(_) | NoOutput::Lost(_)) => {
                self.session(target, node, cancel).await.map(|found| found.session)
            }
        }
    }
}

/// What is left of an answer that never came.
fn says_nothing(output: &Output) -> bool {
    output.exit == Exit::Code(0) && output.stdout.is_empty()
}

fn no_witness(error: &std::io::Error) -> ExecError {
    ExecError::Unfit {
        detail: format!("the controller gives no random numbers, without which no command is sent: {error}"),
        hint: "look at /dev/urandom of the controller".to_owned(),
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
        let exec = Exec {
            line: run.remote_line(&target.user)?,
            deadline: run.deadline(),
            limit: Invocation::OUTPUT_LIMIT,
            witness: None,
        };
        self.run(target, Some(node.name()), exec, run.effect(), run.cancel()).await
    }

    async fn reach(&self, node: &Node, cancel: &CancellationToken) -> Result<Option<Fingerprint>, ExecError> {
        let target = node.ssh().ok_or_else(|| not_remote(node))?;
        self.find_alive(target, Some(node.name()), cancel)
            .await
            .map(|session| Some(session.fingerprint().clone()))
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
        let login = async {
            // Always a new connection: what is shown is what a login gives now.
            let connected = self.connector.connect(target, pin).await;
            let connected = connected.map_err(|error: ConnectError| error.explain(target, None))?;
            let session = Session::start(connected, target.clone(), self.connector.options().connect_timeout);
            match session.check_fitness(cancel).await {
                Ok(()) => {}
                Err(NoOutput::Final(error)) => return Err(error),
                Err(NoOutput::Unsent(why) | NoOutput::Lost(why)) => return Err(ended(target, &why)),
            }
            // Whatever was connected before may be another machine by now.
            self.pool.replace(target, session.clone());
            Ok(Welcome { fingerprint: session.fingerprint().clone(), host_key: session.host_key() })
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ExecError::CancelledUnsent),
            welcome = login => welcome,
        }
    }
}

impl HostKeys for SshExecutor {
    fn forget(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Forgotten, String> {
        let file = &self.connector.options().known_hosts;
        let forgotten = hostkey::forget(file, target, kept);
        // After the file: what connected in between was judged by the old one.
        self.pool.forget(target);
        forgotten
            .map_err(|error| format!("failed to take {} out of {}: {error}", target.host, file.display()))
    }
}
