//! A session that panics, to see what becomes of the terminal.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use nixi_core::brain::{Phrases, Reading};
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::recording::Recording;
use nixi_core::{Enrol, ExecError, Fingerprint, Forgotten, HostKeys, Parts, Registry, SshTarget, Welcome};
use tokio_util::sync::CancellationToken;

struct Faulty;

impl Phrases for Faulty {
    fn read(&self, request: &str) -> Reading {
        panic!("a fault of its own at {request:?}");
    }
}

#[async_trait]
impl Enrol for Faulty {
    async fn key_login(
        &self,
        _: &SshTarget,
        _: Option<&Fingerprint>,
        _: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        Err(ExecError::CancelledUnsent)
    }
}

impl HostKeys for Faulty {
    fn forget(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Forgotten, String> {
        Err("there is no record".to_owned())
    }
}

/// Runs the UI over a session that panics at the first request; what the UI says then.
pub(crate) fn run() -> String {
    let none = PathBuf::from("/nonexistent/nixi.toml");
    let (asker, approver) = Parts {
        registry: Registry::new(),
        local: Arc::new(Recording::new()),
        remote: Arc::new(Recording::new()),
        enrol: Arc::new(Faulty),
        host_keys: Arc::new(Faulty),
        config: ConfigStore::new(ConfigFiles { user: none.clone(), system: none.clone() }, none),
        controller: Controller { host_name: "myhost".to_owned(), address: "127.0.0.1".to_owned() },
        phrases: Arc::new(Faulty),
        model: None,
    }
    .open();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(nixi_tui::run(asker, approver)).unwrap_err().to_string()
}
