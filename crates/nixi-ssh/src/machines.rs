//! Both executors behind one: a node says itself where it is.

use std::ffi::OsString;

use async_trait::async_trait;
use nixi_core::{
    Enrol, ExecError, Executor, Fingerprint, Forgotten, HostKeys, Invocation, Node, Output, SshTarget,
    Target, Welcome,
};
use tokio_util::sync::CancellationToken;

use crate::{LocalExecutor, SshExecutor, SshOptions};

/// All machines: the controller by [`LocalExecutor`], every other node by [`SshExecutor`].
pub struct Machines {
    local: LocalExecutor,
    ssh: SshExecutor,
}

impl Machines {
    /// Executors with these options; `path` is the controller's `PATH`.
    #[must_use]
    pub fn new(options: SshOptions, path: Option<OsString>) -> Self {
        Self { local: LocalExecutor::new(path), ssh: SshExecutor::new(options) }
    }

    fn of(&self, node: &Node) -> &dyn Executor {
        match node.target() {
            Target::Local => &self.local,
            Target::Ssh(_) => &self.ssh,
        }
    }
}

#[async_trait]
impl Executor for Machines {
    async fn exec(&self, node: &Node, run: Invocation) -> Result<Output, ExecError> {
        self.of(node).exec(node, run).await
    }

    async fn reach(&self, node: &Node, cancel: &CancellationToken) -> Result<Option<Fingerprint>, ExecError> {
        self.of(node).reach(node, cancel).await
    }
}

#[async_trait]
impl Enrol for Machines {
    async fn key_login(
        &self,
        target: &SshTarget,
        pin: Option<&Fingerprint>,
        cancel: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        self.ssh.key_login(target, pin, cancel).await
    }
}

impl HostKeys for Machines {
    fn forget(&self, target: &SshTarget, kept: &[SshTarget]) -> Result<Forgotten, String> {
        self.ssh.forget(target, kept)
    }
}
