//! How far Nixi may go on a node, and what an action looks at or changes.
//!
//! A managed node allows everything, a monitored one reads alone; [`crate::Writable`] is where that is decided.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::word::BadWord;

/// How far Nixi may go on a node.
///
/// There is no default in code: the configuration reader alone takes a node without a mode as managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Full control: all tools work.
    Managed,
    /// Read-only: status and inspection alone.
    Monitored,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Managed, Self::Monitored];

    /// The word of the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Monitored => "monitored",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = BadWord;
    fn from_str(word: &str) -> Result<Self, BadWord> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == word)
            .ok_or_else(|| BadWord::new("a mode", word, "use `managed` or `monitored`"))
    }
}

/// What a reading action looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadCapability {
    /// System info, logs, status.
    SystemStatus,
    /// Container list, inspect, logs.
    ContainerStatus,
    /// Network diagnostics.
    NetworkDiagnostics,
}

/// What a changing action changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteCapability {
    /// Deploy/remove containers.
    Containers,
    /// NixOS config, rebuild.
    NixosConfig,
    /// Package install/remove.
    Packages,
    /// Service start/stop.
    Services,
    /// File create/modify/delete.
    Files,
    /// User management.
    Users,
    /// Mount management.
    Mounts,
    /// The machine as a whole (power, timers, GPU) and, on the controller, Nixi's own list of nodes.
    System,
}

/// What an action has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Capability {
    /// What it looks at.
    Read(ReadCapability),
    /// What it tries out changes of.
    Rehearse(WriteCapability),
    /// What it changes.
    Write(WriteCapability),
}
