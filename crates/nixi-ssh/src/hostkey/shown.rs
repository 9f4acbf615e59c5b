//! The keys that hosts have shown in this run, whether or not the login worked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nixi_core::{Host, Port};

use super::HostKey;

/// By the name and port that a host's keys are recorded under.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<HashMap<(Host, Port), Vec<HostKey>>>);

impl Shown {
    /// A host has proved that it holds this key.
    pub(crate) fn note(&self, host: &(Host, Port), key: &HostKey) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = shown.entry(host.clone()).or_default();
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }

    /// What a host has shown.
    pub(crate) fn of(&self, host: &(Host, Port)) -> Vec<HostKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned().unwrap_or_default()
    }
}
