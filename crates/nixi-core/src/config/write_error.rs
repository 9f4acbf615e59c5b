//! Why the configuration was not changed.

use std::io;
use std::path::PathBuf;

use super::diagnose::{ConfigError, show_path};
use super::{EditError, NODES_OPTION};
use crate::node::NodeName;

/// Why a change was not written. The file is as it was; only if its directory could not be synced
/// is the change made, and a power cut may undo it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigWriteError {
    /// The configuration has problems of its own; they come first.
    #[error("{0}")]
    Broken(ConfigError),
    /// The configuration would have this problem after the change.
    #[error("nothing was written, since the change does not fit the rest of the configuration: {0}")]
    Unfit(ConfigError),
    /// The user's file declares the node already.
    #[error("node {name} is already declared in {}", show_path(file))]
    Duplicate {
        /// The name.
        name: NodeName,
        /// The user's file.
        file: PathBuf,
    },
    /// The system's file declares the node, and only NixOS writes that.
    #[error("node {name} is declared in {}, which NixOS writes", show_path(file))]
    DeclaredBySystem {
        /// The name.
        name: NodeName,
        /// The system's file.
        file: PathBuf,
    },
    /// Neither file declares the node.
    #[error("no node {name} in {}", show_path(file))]
    NotFound {
        /// The name that was looked for.
        name: NodeName,
        /// The nearest one that is there.
        nearest: Option<NodeName>,
        /// The user's file.
        file: PathBuf,
    },
    /// Another node stands under that name now; nothing was written.
    #[error("node {name} in {} is not the one that was meant: its address or mode changed", show_path(file))]
    Changed {
        /// The name.
        name: NodeName,
        /// The user's file.
        file: PathBuf,
    },
    /// The change cannot be made to the file's text.
    #[error("failed to change {}: {error}", show_path(file))]
    Edit {
        /// The user's file.
        file: PathBuf,
        /// Why.
        error: EditError,
    },
    /// The file is not Nixi's to write.
    #[error("{} is written by NixOS or home-manager (it leads to {})", show_path(file), show_path(target))]
    WrittenByNix {
        /// The file as it was named.
        file: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Another process held the lock all the time.
    #[error("another program is changing the configuration: {} is locked", show_path(lock))]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// The disk refused.
    #[error("failed to {doing} {}: {source}", show_path(path))]
    Write {
        /// What was tried, as in "failed to …".
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ConfigWriteError {
    /// What to do about it, where that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Broken(error) | Self::Unfit(error) => error.hint().map(str::to_owned),
            Self::Duplicate { name, .. } => {
                Some(format!("choose another name, or run `nixi remove {name}` first"))
            }
            Self::DeclaredBySystem { .. } | Self::WrittenByNix { .. } => {
                Some(format!("change {NODES_OPTION} in the NixOS configuration instead, and rebuild"))
            }
            Self::NotFound { nearest, .. } => nearest.as_ref().map(|name| format!("did you mean {name}?")),
            Self::Edit { .. } => Some("edit the file by hand".to_owned()),
            Self::Changed { .. } => Some("look at it, and ask again if it is to go all the same".to_owned()),
            Self::Locked { .. } => Some("try again when it is done".to_owned()),
            Self::Write { .. } => None,
        }
    }
}
