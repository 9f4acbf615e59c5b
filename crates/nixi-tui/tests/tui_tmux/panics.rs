//! A session that panics, to see what becomes of the terminal.

use std::path::PathBuf;
use std::sync::Arc;

use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::{Nobody, Recording};
use nixi_core::session::{Phrases, Reading};
use nixi_core::{Parts, Registry};

struct Faulty;

impl Phrases for Faulty {
    fn read(&self, request: &str) -> Reading {
        panic!("a fault of its own at {request:?}");
    }
}

/// Runs the UI over a session that panics at the first request; what the UI says then.
pub(crate) fn run() -> String {
    let none = PathBuf::from("/nonexistent/nixi.toml");
    let (asker, approver) = Parts {
        registry: Registry::new(),
        local: Arc::new(Recording::new()),
        remote: Arc::new(Recording::new()),
        enrol: Arc::new(Nobody),
        host_keys: Arc::new(Nobody),
        config: ConfigStore::new(ConfigFiles { user: none.clone(), system: none.clone() }, none),
        journal: Arc::new(MemoryJournal::new()),
        controller: Controller { host_name: "myhost".to_owned(), address: "127.0.0.1".to_owned() },
        phrases: Arc::new(Faulty),
        model: None,
    }
    .open();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(nixi_tui::run(asker, approver)).unwrap_err().to_string()
}
