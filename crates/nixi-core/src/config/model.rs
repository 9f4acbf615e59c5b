//! The settings, typed, with both layers merged.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::FilePath;
use crate::node::{Node, NodeName};

/// Everything that the configuration says, and the defaults of all that it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The remote nodes, the system's before the user's, each in the order of its file. The controller is not here.
    pub nodes: Vec<NodeEntry>,
    /// `[container]`
    pub container: ContainerSettings,
    /// `[ssh]`
    pub ssh: SshSettings,
    /// `[llm]`; absent when neither file has the table: then no model is ever asked.
    pub llm: Option<LlmSettings>,
    /// `[approval]`
    pub approval: ApprovalSettings,
    /// `[guard]`
    pub guard: GuardSettings,
    /// `[file]`
    pub file: FileActionSettings,
}

impl Config {
    /// What holds when there is no file at all.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            nodes: Vec::new(),
            container: ContainerSettings { runtime: Runtime::Podman },
            ssh: SshSettings {
                connect_timeout: Duration::from_secs(10),
                command_timeout: Duration::from_secs(60),
                known_hosts: None,
                identity: Vec::new(),
            },
            llm: None,
            approval: ApprovalSettings { routine: Routine::Ask },
            guard: GuardSettings { timeout: Duration::from_secs(90) },
            file: FileActionSettings { roots: Vec::new() },
        }
    }

    /// The node of this name, if one is configured.
    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&NodeEntry> {
        self.nodes.iter().find(|entry| entry.node.name() == name)
    }
}

/// One `[[nodes]]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEntry {
    /// The node. Its mode is as configured; where the file names none it is managed, as the page says.
    pub node: Node,
    /// Its jump hosts as the file names them: perhaps by the names of other nodes.
    pub proxy_jump: Option<String>,
    /// The file that declares it.
    pub layer: Layer,
}

impl NodeEntry {
    /// Whether it names that node as one of its jump hosts.
    pub(crate) fn jumps_through(&self, name: &NodeName) -> bool {
        let mut hops = self.proxy_jump.iter().flat_map(|words| words.split(','));
        hops.any(|hop| hop == name.as_str())
    }
}

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// `/etc/nixi/config.toml`: written by the NixOS module, never by Nixi.
    System,
    /// The user's own file.
    User,
}

/// The container programs that Nixi knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// podman(1), the default.
    Podman,
    /// docker(1)
    Docker,
}

impl Runtime {
    pub(crate) const ALL: [Self; 2] = [Self::Podman, Self::Docker];

    /// The word of the configuration, which is also the name of the program.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `[container]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSettings {
    /// What the controller uses, and what setup installs on nodes.
    pub runtime: Runtime,
}

/// `[ssh]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSettings {
    /// For DNS, TCP, banner, key exchange and authentication together; 10 s unless set.
    pub connect_timeout: Duration,
    /// For one command; 60 s unless set.
    pub command_timeout: Duration,
    /// Where host keys are kept; `None` is the usual `~/.ssh/known_hosts`.
    pub known_hosts: Option<PathBuf>,
    /// Private keys to try after the agent's; empty means the default names.
    pub identity: Vec<PathBuf>,
}

/// `[llm]`: an OpenAI-compatible endpoint. It never holds a key, only where to find one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LlmSettings {
    /// Begins with `http://` or `https://`; holds no user or password.
    pub base_url: String,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The environment variable that holds the key. At most one of the two is set.
    pub api_key_env: Option<String>,
    /// The file that holds the key.
    pub api_key_file: Option<PathBuf>,
}

impl LlmSettings {
    /// A local Ollama, for every key that `[llm]` leaves out.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            base_url: "http://127.0.0.1:11434/v1".to_owned(),
            model: "qwen3:30b-a3b".to_owned(),
            api_key_env: None,
            api_key_file: None,
        }
    }
}

/// `[approval]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSettings {
    /// Routine plans. Destructive plans always ask, whatever this says.
    pub routine: Routine,
}

/// `[file]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileActionSettings {
    /// Folders of nodes that file actions may reach, beside `/srv`.
    pub roots: Vec<FilePath>,
}

/// `[guard]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardSettings {
    /// How long a node waits for the confirmation of a switch before it goes back to the system before; 90 s unless set.
    pub timeout: Duration,
}

/// What happens to a routine plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Routine {
    /// A person is asked; what holds unless set.
    Ask,
    /// It runs unasked.
    Auto,
}

impl Routine {
    pub(crate) const ALL: [Self; 2] = [Self::Ask, Self::Auto];

    /// The word of the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }
}
