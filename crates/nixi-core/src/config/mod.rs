//! The configuration: read from two files, changed in one.
//!
//! `/etc/nixi/config.toml` is written by the NixOS module and by nobody else; the user's file lies over it. A file is
//! read whole or not at all: anything that Nixi does not understand is an error that points at it. The only changes
//! are [`ConfigEdit`]s, which keep every byte that they are not about, and which [`ConfigStore`] writes atomically
//! under a lock.
//!
//! This is the one part of the crate that touches the disk, and these files are all that it touches.

mod array;
mod declared;
mod diagnose;
mod edit;
mod excerpt;
mod jumps;
mod layers;
mod lines;
mod machines;
mod model;
mod new_node;
mod read;
mod removal;
mod section;
mod splice;
mod store;
mod target;
mod write_error;

pub(crate) use diagnose::Misfit;
pub use diagnose::{ConfigError, Problem};
pub use edit::{ConfigEdit, EditError, OldNode};
pub use layers::ConfigFiles;
pub use model::{
    ApprovalSettings, Config, ContainerSettings, FileActionSettings, GuardSettings, Layer, LlmSettings,
    NodeEntry, Routine, Runtime, SshSettings,
};
pub use new_node::NewNode;
pub use removal::Removal;
pub use store::ConfigStore;
pub use write_error::ConfigWriteError;

/// The option of the NixOS module that declares the nodes of the system's file.
pub const NODES_OPTION: &str = "services.nixi.nodes";
