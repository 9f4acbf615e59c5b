//! The seam to the machines: what core asks of an executor, and what it gets back.

pub use crate::host_keys::{Enrol, Forgotten, HostKeyState, HostKeys, Welcome};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::arrival::Arrival;
use crate::command::{Access, Command, Elevation, Login, Program, Read, Scratch, Write};
use crate::gathered::Gathered;
use crate::listener::Listener;
use crate::node::{Node, Place, SshTarget, UserName};
use crate::plan::Writable;
use crate::secret::Secret;
use crate::shell::{self, Mark, Streams, Unquotable};
use crate::sink::Sink;

/// Whether an invocation may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing; it may be sent again over a fresh connection.
    Read,
    /// It writes where nothing of a running system looks; it is not sent again, since what it made may be there.
    Scratch,
    /// It may change something; on doubt it is never sent again.
    Change,
}

/// What a command reads on its standard input. Printed, it tells no more than its length, and nothing of a secret.
#[derive(Clone)]
pub struct Input(Source);

#[derive(Clone)]
enum Source {
    Plain(Arc<[u8]>),
    Secret(Arc<Secret>),
}

impl Input {
    /// All of it, for the executor that sends it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Source::Plain(bytes) => bytes,
            Source::Secret(secret) => secret.bytes(),
        }
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Source::Plain(bytes) => write!(f, "Input({} bytes)", bytes.len()),
            Source::Secret(_) => f.write_str("Input(secret)"),
        }
    }
}

impl From<Arc<[u8]>> for Input {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(Source::Plain(bytes))
    }
}

impl From<Arc<Secret>> for Input {
    fn from(secret: Arc<Secret>) -> Self {
        Self(Source::Secret(secret))
    }
}

/// One command on its way to the one node that it is for.
///
/// **Invariant.** Only core makes one: from a command of the catalog, or from a step of an approved plan. It cannot be turned to
/// another node. Whoever implements an [`Executor`] is part of the wiring and is trusted with what it is handed; no
/// tool, front end or model ever holds one.
#[derive(Debug)]
pub struct Invocation {
    node: Node,
    program: Program,
    args: Vec<String>,
    elevation: Elevation,
    effect: Effect,
    deadline: Duration,
    cancel: CancellationToken,
    input: Option<Input>,
    sink: Option<Sink>,
    listener: Option<Listener>,
    streams: Streams,
    host_key: Option<Fingerprint>,
}

impl Invocation {
    /// The most bytes of standard output, and again of standard error, that an executor keeps: 8 MiB. What comes
    /// after is read and dropped, and [`Output::truncated`] says so.
    pub const OUTPUT_LIMIT: usize = 8 * 1024 * 1024;

    fn new<A: Access>(
        node: &Node,
        command: &Command<A>,
        effect: Effect,
        deadline: Duration,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            node: node.clone(),
            program: command.program(),
            elevation: command.elevation(),
            args: command.arguments().to_vec(),
            effect,
            deadline,
            cancel,
            input: None,
            sink: None,
            listener: None,
            streams: Streams::Apart,
            host_key: None,
        }
    }

    /// For the machine with this host key alone, whatever answers by then under the node's address.
    pub(crate) fn pinned(self, host_key: Option<&Fingerprint>) -> Self {
        Self { host_key: host_key.cloned(), ..self }
    }

    pub(crate) fn read(
        node: &Node,
        command: &Command<Read>,
        deadline: Duration,
        cancel: CancellationToken,
    ) -> Self {
        Self::new(node, command, Effect::Read, deadline, cancel)
    }

    /// For a [`crate::Stage`] alone, on a node that may be changed.
    pub(crate) fn scratch(
        on: &Writable,
        command: &Command<Scratch>,
        deadline: Duration,
        cancel: CancellationToken,
    ) -> Self {
        Self::new(on.node(), command, Effect::Scratch, deadline, cancel)
    }

    /// For [`crate::plan`]'s `apply` alone: the command comes out of an approved plan.
    pub(crate) fn change(
        node: &Node,
        command: &Command<Write>,
        deadline: Duration,
        cancel: CancellationToken,
    ) -> Self {
        Self::new(node, command, Effect::Change, deadline, cancel)
    }

    /// The same with something to read on its standard input.
    pub(crate) fn reading(self, input: impl Into<Input>) -> Self {
        Self { input: Some(input.into()), ..self }
    }

    /// The same with its standard output handed on while it runs.
    pub(crate) fn into_sink(self, sink: Sink) -> Self {
        Self { sink: Some(sink), ..self }
    }

    /// The same with somebody who hears its standard error while it runs.
    pub(crate) fn heard_by(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// The same with its standard error in the same stream as its output.
    pub(crate) fn together(self) -> Self {
        Self { streams: Streams::Together, ..self }
    }

    /// Where its standard error goes.
    #[must_use]
    pub fn streams(&self) -> Streams {
        self.streams
    }

    /// What it reads on its standard input, to the last byte; without it, the input ends at once.
    #[must_use]
    pub fn input(&self) -> Option<&Input> {
        self.input.as_ref()
    }

    /// Where its standard output goes while it runs; [`Output::stdout`] is empty then.
    #[must_use]
    pub fn sink(&self) -> Option<&Sink> {
        self.sink.as_ref()
    }

    /// Who hears its standard error while it runs.
    #[must_use]
    pub fn listener(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    /// The node that it is for.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// The arguments, without the program.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// Whose rights the command needs.
    #[must_use]
    pub fn elevation(&self) -> Elevation {
        self.elevation
    }

    /// Whether it may be repeated.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// How long the command may run once it was sent; connecting has its own limit.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The host key of the machine that it is for; a part of an approved plan always has one where there is SSH. Over a
    /// connection with any other key it must not be sent.
    #[must_use]
    pub fn host_key(&self) -> Option<&Fingerprint> {
        self.host_key.as_ref()
    }

    /// Fires when nobody waits for the answer any more.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Whose rights it has to be given where this user logs in: root has them already.
    #[must_use]
    pub fn elevation_for(&self, login: &UserName) -> Elevation {
        if login.is_root() { Elevation::LoginUser } else { self.elevation }
    }

    /// The line for the login shell of a remote node. By the mark it is found again, if it has to be stopped.
    ///
    /// # Errors
    /// [`Unquotable`] if an argument holds a NUL byte.
    pub fn remote_line(&self, login: &UserName, mark: &Mark) -> Result<String, Unquotable> {
        shell::remote_line(self.program, &self.args, self.elevation_for(login), mark, self.streams)
    }

    /// The same line as one of several ([`crate::gathered::Gathered`]).
    pub(crate) fn bare_line(&self, login: &UserName, mark: &Mark) -> Result<String, Unquotable> {
        shell::bare_line(self.program, &self.args, self.elevation_for(login), mark)
    }

    /// Whether it is a read whose words mean the same to every shell and command interpreter there is: it may be sent to a
    /// login shell that nobody has seen yet.
    #[must_use]
    pub fn is_plain_read(&self) -> bool {
        let plain = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_@%+:,./=-".contains(&b))
        };
        let is_alone = self.input.is_none() && self.sink.is_none();
        self.effect == Effect::Read && is_alone && self.args.iter().all(|word| plain(word))
    }
}

/// As a person would type it, `sudo` included.
impl std::fmt::Display for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::command::show(f, self.program, &self.args, self.elevation)
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// Killed by this signal, named as in RFC 4254, section 6.10 (without `SIG`).
    Signal(String),
}

impl Exit {
    /// Whether the command says that it worked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Code(0)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(name)
                if !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) =>
            {
                write!(f, "killed by SIG{name}")
            }
            // OpenSSH tells of a signal that RFC 4254 has no name for by a name of its own.
            Self::Signal(_) => write!(f, "killed by a signal that the node did not name"),
        }
    }
}

/// What a command that ran to its end left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output, at most [`Invocation::OUTPUT_LIMIT`] bytes.
    pub stdout: Vec<u8>,
    /// Its standard error, at most [`Invocation::OUTPUT_LIMIT`] bytes.
    pub stderr: Vec<u8>,
    /// Whether either stream was longer than the limit.
    pub truncated: bool,
}

/// Why a node could not be reached. Nothing was sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// No answer within the limit for the whole connect.
    Timeout,
    /// The connection was refused, or there is no route to the host.
    Refused,
    /// The node takes none of our keys.
    Auth,
    /// The host key is not the one that was known, or it is revoked.
    HostKeyChanged,
    /// The name of the host has no address.
    Dns,
    /// The other side does not speak SSH as we do.
    Protocol,
    /// The controller itself lacks something; it is no fault of the node.
    Controller,
}

impl Unreachable {
    /// The word of the CLI contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Auth => "auth",
            Self::HostKeyChanged => "host_key_changed",
            Self::Dns => "dns",
            Self::Protocol => "protocol",
            Self::Controller => "controller",
        }
    }
}

/// Why there is no [`Output`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// The node could not be reached; nothing was sent.
    #[error("{detail}")]
    Unreachable {
        /// The class of the trouble.
        reason: Unreachable,
        /// What happened, in a sentence for people.
        detail: String,
        /// What to do next, if there is something better than to try again.
        hint: Option<String>,
    },
    /// The node was reached, but will not run our commands as they are sent; nothing was sent.
    #[error("{detail}")]
    Unfit {
        /// What is wrong with the login, in a sentence.
        detail: String,
        /// What to do next.
        hint: String,
    },
    /// The connection was lost after the command was sent: it may have run, wholly or in part.
    #[error("the connection was lost while the command ran: {0}")]
    Lost(String),
    /// The command was sent and did not end in time.
    #[error("the command did not end within {0:?}")]
    Deadline(Duration),
    /// Given up before anything was sent.
    #[error("cancelled before the command was sent")]
    CancelledUnsent,
    /// Given up after the command was sent.
    #[error("cancelled while the command ran")]
    Cancelled,
    /// The command cannot be sent.
    #[error(transparent)]
    Unquotable(#[from] Unquotable),
}

/// The SHA-256 fingerprint of a host key, as `ssh-keygen -l` prints it: `SHA256:` and unpadded base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The text, `SHA256:…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = crate::word::BadWord;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let hash = word.strip_prefix("SHA256:").map(|hash| hash.trim_end_matches('='));
        match hash {
            Some(hash)
                if hash.len() == 43
                    && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/') =>
            {
                Ok(Self(format!("SHA256:{hash}")))
            }
            _ => Err(crate::word::BadWord::new(
                "a host key fingerprint",
                word,
                "write it as `ssh-keygen -l` prints it: SHA256:…",
            )),
        }
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs commands on machines. nixi-ssh has two: over SSH, and on the controller itself.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs one command to its end.
    ///
    /// A command that ran and failed is an [`Output`]; an [`ExecError`] says whether the command may have run. An
    /// invocation that changes something is sent at most once.
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError>;

    /// Runs several reads of one node, each to its end; how each ended, in their order.
    ///
    /// An executor that pays for every command it sends should send these as one. What holds for a read by itself holds
    /// for each of them, but that each begins when the one before it has ended, and that they share one deadline: a read that
    /// has ended by then has an [`Output`], whatever became of those behind it.
    async fn gather(&self, reads: Gathered) -> Vec<Result<Output, ExecError>> {
        reads.in_turn(self).await
    }

    /// Where a target leads with the user's own SSH configuration, which fills in what Nixi's leaves open. Where that
    /// cannot be told, it is as the target says, and connecting tells why.
    fn place(&self, target: &SshTarget) -> Place {
        Place { host: target.host.clone(), port: target.port, user: target.user.clone(), alias: None }
    }

    /// Who runs commands on the node; plans show `sudo` where it is run, and only there.
    fn login(&self, node: &Node) -> Login {
        if node.ssh().is_some_and(|ssh| ssh.user.is_root()) { Login::Root } else { Login::Other }
    }

    /// Brings up, or finds alive, an authenticated connection, and tells who answered there and by which way (`None` on
    /// the controller). Nothing is run for the user.
    async fn reach(&self, node: &Node, cancel: &CancellationToken) -> Result<Option<Arrival>, ExecError>;

    /// Proves that one can still log in: makes an authenticated connection anew, whatever is connected already, and tells
    /// who answered and by which way (`None` on the controller). An answer that is older than the question does not
    /// count, nor does a login that runs no command.
    async fn reach_anew(&self, node: &Node, cancel: &CancellationToken)
    -> Result<Option<Arrival>, ExecError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signal_with_a_name_is_named() {
        assert_eq!(Exit::Signal("KILL".into()).to_string(), "killed by SIGKILL");
        let unnamed = "killed by a signal that the node did not name";
        assert_eq!(Exit::Signal("SIGopensshcom".into()).to_string(), unnamed);
    }
}
