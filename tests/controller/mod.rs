//! A controller of its own for a test: a folder with a configuration, known_hosts and a journal, and a session over them.

use nixi::Setup;
use nixi::core::{ApproverHandle, Asker, Registry};
use tempfile::TempDir;

/// With these actions, in a folder that may have something in it. The text of the configuration follows `[ssh]` and its
/// `known_hosts`.
pub(crate) fn open(folder: &TempDir, text: &str, tools: Registry) -> (Asker, ApproverHandle) {
    let config = folder.path().join("config.toml");
    let known_hosts = folder.path().join("known_hosts");
    std::fs::write(&config, format!("[ssh]\nknown_hosts = {known_hosts:?}\n{text}")).unwrap();
    let setup = Setup { config: Some(config), state: Some(folder.path().join("state")) };
    nixi::open_with(&setup, tools).unwrap()
}
