//! A tap on the line to the nodes: an executor of one's own, between the session and Nixi's.
//!
//! Whatever a session wants of a node goes through its executor, so what is not written down here was not sent.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nixi::core::config::{Config, ConfigStore, SshSettings};
use nixi::core::fleet::Controller;
use nixi::core::journal::MemoryJournal;
use nixi::core::{
    Arrival, Enrol, ExecError, Executor, Fingerprint, Invocation, Node, Output, Parts, Place, Registry,
    SshTarget, Welcome,
};
use nixi_ssh::{Agent, LocalExecutor, NamedBy, SshConfigOptions, SshExecutor, SshOptions};
use tokio_util::sync::CancellationToken;

/// Nixi's own SSH, and a note of all that passes.
pub(crate) struct Tap {
    ssh: Arc<SshExecutor>,
    sent: Mutex<Vec<String>>,
}

impl Tap {
    pub(crate) fn new(config: &Config, home: &Path) -> Self {
        let SshSettings { connect_timeout, known_hosts, identity, .. } = config.ssh.clone();
        let ssh = home.join(".ssh");
        let options = SshOptions {
            connect_timeout,
            known_hosts: known_hosts.unwrap_or_else(|| ssh.join("known_hosts")),
            known_hosts_by: NamedBy::Nobody,
            more_known_hosts: Vec::new(),
            system_known_hosts: vec![PathBuf::from("/etc/ssh/ssh_known_hosts")],
            identities: identity,
            default_identities: ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| ssh.join(name)).into(),
            agent: Agent::Environment,
            ssh_config: SshConfigOptions {
                user: Some(ssh.join("config")),
                system: Some(PathBuf::from("/etc/ssh/ssh_config")),
                home: home.to_owned(),
                local_user: std::env::var("USER").ok(),
                variable: |_| None,
            },
        };
        Self { ssh: Arc::new(SshExecutor::new(options)), sent: Mutex::default() }
    }

    /// The parts of a session whose line is tapped: what `nixi::open` puts together, without a model.
    pub(crate) fn parts(self: &Arc<Self>, config: ConfigStore, registry: Registry) -> Parts {
        Parts {
            registry,
            local: Arc::new(LocalExecutor::new(std::env::vars_os())),
            remote: self.clone(),
            enrol: self.clone(),
            host_keys: self.ssh.clone(),
            config,
            journal: Arc::new(MemoryJournal::new()),
            controller: Controller { host_name: "controller".to_owned(), address: "127.0.0.1".to_owned() },
            phrases: Arc::new(nixi_llm::Phrasebook::new()),
            model: None,
        }
    }

    /// All that was sent so far, and every connection that was asked for.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, what: String) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

#[async_trait]
impl Executor for Tap {
    /// Where a name leads is for the SSH configuration to say.
    fn place(&self, target: &SshTarget) -> Place {
        self.ssh.place(target)
    }

    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        self.note(run.to_string());
        self.ssh.exec(run).await
    }

    async fn reach(&self, node: &Node, cancel: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        self.note(format!("connect to {}", node.name()));
        self.ssh.reach(node, cancel).await
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.note(format!("connect anew to {}", node.name()));
        self.ssh.reach_anew(node, cancel).await
    }
}

#[async_trait]
impl Enrol for Tap {
    async fn key_login(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
        cancel: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        self.note(format!("log in to {}", target.host));
        self.ssh.key_login(target, pin, cancel).await
    }
}
