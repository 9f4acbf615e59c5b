//! The nodes that Nixi knows, and whether they answer.

use std::path::PathBuf;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Removal;
use crate::error::ErrorReport;
use crate::exec::{ExecError, Unreachable};
use crate::mode::Mode;
use crate::node::{Host, Node, NodeName, UserName};

/// Whether a node answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeStatus {
    /// An authenticated connection is up.
    Online,
    /// There is none, for the reason told beside it.
    Unreachable,
    /// Nobody asked.
    Unprobed,
}

impl NodeStatus {
    /// The word of the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Unreachable => "unreachable",
            Self::Unprobed => "unprobed",
        }
    }
}

/// A row of `nixi nodes`; its JSON is that of the CLI contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NodeRow {
    /// The node's name; the host name for the controller.
    #[schemars(with = "String")]
    pub name: String,
    /// Name or address.
    pub host: String,
    /// SSH port; `null` for the controller.
    pub port: Option<u16>,
    /// Login user; `null` for the controller.
    pub user: Option<String>,
    /// Managed or monitored.
    pub mode: Mode,
    /// Whether this is the controller.
    pub local: bool,
    /// Whether it answered.
    pub status: NodeStatus,
    /// Why it did not.
    pub reason: Option<Unreachable>,
    /// Why it did not, in a sentence.
    pub detail: Option<String>,
    /// What to do about it; not part of the contract's JSON.
    #[serde(skip)]
    pub hint: Option<String>,
    /// How long the answer took, in milliseconds.
    pub ms: Option<u64>,
}

impl NodeRow {
    pub(crate) fn unprobed(node: &Node, controller: &Controller) -> Self {
        let blank = Self {
            name: node.name().to_string(),
            host: controller.address.clone(),
            port: None,
            user: None,
            mode: node.mode(),
            local: true,
            status: NodeStatus::Unprobed,
            reason: None,
            detail: None,
            hint: None,
            ms: None,
        };
        match node.ssh() {
            Some(ssh) => Self {
                host: ssh.host.to_string(),
                port: Some(ssh.port.get()),
                user: Some(ssh.user.to_string()),
                local: false,
                ..blank
            },
            None => Self { name: controller.host_name.clone(), status: NodeStatus::Online, ..blank },
        }
    }

    pub(crate) fn answered(mut self, ms: u64) -> Self {
        self.status = NodeStatus::Online;
        self.ms = Some(ms);
        self
    }

    /// A node that cannot be worked with; one that was reached but will not run commands counts as `protocol`.
    pub(crate) fn silent(mut self, error: &ExecError, ms: u64) -> Self {
        let (reason, hint) = match error {
            ExecError::Unreachable { reason, hint, .. } => (*reason, hint.clone()),
            ExecError::Unfit { hint, .. } => (Unreachable::Protocol, Some(hint.clone())),
            ExecError::Deadline(_) => (Unreachable::Timeout, None),
            ExecError::Lost(_)
            | ExecError::CancelledUnsent
            | ExecError::Cancelled
            | ExecError::Unquotable(_) => (Unreachable::Protocol, None),
        };
        self.status = NodeStatus::Unreachable;
        self.reason = Some(reason);
        self.detail = Some(crate::text::clean(&error.to_string()));
        self.hint = hint.map(|hint| crate::text::clean(&hint));
        self.ms = Some(ms);
        self
    }

    /// The last column of the page's table: `online`, or `unreachable (reason)`.
    #[must_use]
    pub fn status_words(&self) -> String {
        match self.reason {
            Some(reason) => format!("{} ({})", self.status.as_str(), reason.as_str()),
            None => self.status.as_str().to_owned(),
        }
    }

    /// The first column of the page's table: the controller is marked `(local)`.
    #[must_use]
    pub fn name_words(&self) -> String {
        if self.local { format!("{} (local)", self.name) } else { self.name.clone() }
    }
}

/// Whether nodes are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probing {
    /// Each node is connected to, all at once.
    Probe,
    /// The list alone.
    Skip,
}

/// Who the controller is: what a table shows of it.
#[derive(Debug, Clone)]
pub struct Controller {
    /// Its host name.
    pub host_name: String,
    /// The address that nodes would see, or `127.0.0.1`.
    pub address: String,
}

/// The nodes and their live state, as an action may ask for them.
#[async_trait]
pub trait Survey: Send + Sync {
    /// One row a node, the controller first, then in the order of the configuration.
    async fn rows(&self, of: Option<&[NodeName]>, probing: Probing) -> Vec<NodeRow>;

    /// The node of that name, if there is one.
    fn find(&self, name: &NodeName) -> Option<Node>;

    /// All remote nodes, in the order of the configuration.
    fn remote(&self) -> Vec<Node>;

    /// The nodes that name this one as a jump host, in the order of the configuration.
    fn jumping_through(&self, name: &NodeName) -> Vec<NodeName>;

    /// How the node is declared and by which lines of known_hosts it is known: what removing it takes away.
    ///
    /// # Errors
    /// When the files cannot be read, or the declaration cannot be taken out of them.
    fn on_record(&self, node: &Node) -> Result<(Removal, Vec<String>), ErrorReport>;

    /// The file that declares the node, if only NixOS writes that file.
    fn declared_by_nixos(&self, name: &NodeName) -> Option<PathBuf>;
}

/// `user@host`, with the port where it is not 22, as people write it.
#[must_use]
pub fn address(user: &UserName, host: &Host, port: crate::node::Port) -> String {
    let host = if host.as_str().contains(':') { format!("[{host}]") } else { host.to_string() };
    if port == crate::node::Port::SSH { format!("{user}@{host}") } else { format!("{user}@{host}:{port}") }
}
