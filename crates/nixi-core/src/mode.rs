//! What may be done on a node: the page's table, cell by cell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::word::BadWord;

/// How far Nixi may go on a node.
///
/// There is no default in code: a configuration file that names none is read as managed because the page says
/// so, and that happens in one place, the configuration reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Full control: all tools work.
    Managed,
    /// Read-only: status and inspection alone.
    Monitored,
}

impl Mode {
    /// Both modes, in the order of the page's table.
    pub const ALL: [Self; 2] = [Self::Managed, Self::Monitored];

    /// The word of the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Monitored => "monitored",
        }
    }

    /// What the page's table grants in this mode.
    #[must_use]
    pub fn grants(self) -> CapabilitySet {
        match self {
            Self::Managed => CapabilitySet(Capability::ALL.to_vec()),
            Self::Monitored => CapabilitySet(ReadCapability::ALL.into_iter().map(Capability::Read).collect()),
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

impl ReadCapability {
    /// All of them, in the order of the page's table.
    pub const ALL: [Self; 3] = [Self::SystemStatus, Self::ContainerStatus, Self::NetworkDiagnostics];

    /// The page's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SystemStatus => "System info, logs, status",
            Self::ContainerStatus => "Container list, inspect, logs",
            Self::NetworkDiagnostics => "Network diagnostics",
        }
    }
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

impl WriteCapability {
    /// All of them: the page's rows in their order, then `System`, which the page does not list.
    pub const ALL: [Self; 8] = [
        Self::Containers,
        Self::NixosConfig,
        Self::Packages,
        Self::Services,
        Self::Files,
        Self::Users,
        Self::Mounts,
        Self::System,
    ];

    /// The page's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Containers => "Deploy/remove containers",
            Self::NixosConfig => "NixOS config, rebuild",
            Self::Packages => "Package install/remove",
            Self::Services => "Service start/stop",
            Self::Files => "File create/modify/delete",
            Self::Users => "User management",
            Self::Mounts => "Mount management",
            Self::System => "Power, timers, the list of nodes",
        }
    }
}

/// A row of the page's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Capability {
    /// A row of reads.
    Read(ReadCapability),
    /// A row of changes.
    Write(WriteCapability),
}

impl Capability {
    /// Every row: reads first, as on the page.
    pub const ALL: [Self; 11] = [
        Self::Read(ReadCapability::SystemStatus),
        Self::Read(ReadCapability::ContainerStatus),
        Self::Read(ReadCapability::NetworkDiagnostics),
        Self::Write(WriteCapability::Containers),
        Self::Write(WriteCapability::NixosConfig),
        Self::Write(WriteCapability::Packages),
        Self::Write(WriteCapability::Services),
        Self::Write(WriteCapability::Files),
        Self::Write(WriteCapability::Users),
        Self::Write(WriteCapability::Mounts),
        Self::Write(WriteCapability::System),
    ];

    /// The page's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Read(read) => read.title(),
            Self::Write(write) => write.title(),
        }
    }
}

/// The capabilities of a mode: what UIs and schemas show. It decides nothing; the mode check of [`crate::Writable`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilitySet(Vec<Capability>);

impl CapabilitySet {
    /// Whether the table says yes.
    #[must_use]
    pub fn contains(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }

    /// The granted rows, in the table's order.
    pub fn iter(&self) -> impl Iterator<Item = Capability> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the page, to the letter; `System` is ours and follows the changes.
    #[test]
    fn the_pages_table() {
        let page = [
            ("System info, logs, status", true, true),
            ("Container list, inspect, logs", true, true),
            ("Network diagnostics", true, true),
            ("Deploy/remove containers", true, false),
            ("NixOS config, rebuild", true, false),
            ("Package install/remove", true, false),
            ("Service start/stop", true, false),
            ("File create/modify/delete", true, false),
            ("User management", true, false),
            ("Mount management", true, false),
        ];
        for (title, managed, monitored) in page {
            let capability = Capability::ALL.into_iter().find(|c| c.title() == title).unwrap();
            assert_eq!(Mode::Managed.grants().contains(capability), managed, "{title}");
            assert_eq!(Mode::Monitored.grants().contains(capability), monitored, "{title}");
        }
        assert_eq!(Capability::ALL.len(), page.len() + 1);
    }
}
