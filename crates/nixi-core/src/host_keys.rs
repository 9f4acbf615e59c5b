//! First logins, and the record of host keys: what core asks of whoever keeps known_hosts.

use async_trait::async_trait;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::arrival::{Arrival, Likeness, Stop};
use crate::exec::{ExecError, Fingerprint};
use crate::node::{Node, SshTarget};

/// Whether a host key was known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKeyState {
    /// It stood in a known_hosts file.
    Known,
    /// It was seen for the first time, and is now recorded (`accept-new`).
    New,
}

/// A first login that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The host key of the machine that answered.
    pub fingerprint: Fingerprint,
    /// Whether that key was known before.
    pub host_key: HostKeyState,
    /// The way there.
    pub way: Vec<Stop>,
}

/// Brings machines into reach that are not in the configuration yet.
#[async_trait]
pub trait Enrol: Send + Sync {
    /// Tries to log in with the keys at hand. With a pin, any other host key is refused before authentication.
    async fn key_login(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
        cancel: &CancellationToken,
    ) -> Result<Welcome, ExecError>;
}

/// What was taken out of the user's known_hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// How many lines were dropped or shortened.
    pub lines: usize,
    /// The file.
    pub file: std::path::PathBuf,
}

/// The record of host keys.
#[async_trait]
pub trait HostKeys: Send + Sync {
    /// Which of the others are the machine that answered as `node`: one likeness for each of them, in their order. On the
    /// controller nobody answered, and the machine is this one.
    ///
    /// A machine is told by the host keys that are on record for it or that it has shown, and by its address where no
    /// key tells. Nothing is connected to.
    ///
    /// # Errors
    /// A sentence for people, if a record cannot be read.
    async fn likenesses(
        &self,
        node: &Node,
        arrival: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String>;

    /// Drops what is recorded for a host, in every form it can be written; wildcards, CA and revoked lines, and
    /// entries that a host of `kept` or the way to it still needs, stay.
    ///
    /// # Errors
    /// A sentence for people, if the file cannot be read or written; it is then unchanged.
    fn forget(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Forgotten, String>;

    /// The lines that [`HostKeys::forget`] would drop or shorten; of names and patterns, those of the target alone.
    ///
    /// # Errors
    /// A sentence for people, if the file cannot be read.
    fn on_record(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Vec<String>, String>;

    /// Adds those of these lines that are not there. Each has to be one line with one key of the target and of nobody else: one
    /// with another host's name, a pattern or a refusal is an error.
    ///
    /// # Errors
    /// A sentence for people, if a line is not so, or the file cannot be read or written; it is then unchanged.
    fn remember(&self, target: &SshTarget, lines: &[String]) -> Result<Forgotten, String>;
}
