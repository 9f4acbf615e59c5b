//! The executors of Nixi.
//!
//! [`SshExecutor`] keeps one live connection a node; [`LocalExecutor`] runs on the controller. Keys only, host
//! keys always checked, no PTY, no shell on the controller.
//!
//! **Invariant.** One task owns an SSH session and all its channels; nothing else ever touches them.

mod actor;
mod address;
mod canary;
mod connect;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gathered;
mod glob;
mod hostkey;
mod likeness;
mod local;
mod options;
mod pool;
mod route;
mod said;
mod session;
mod shortage;
mod ssh;
mod ssh_config;

#[cfg(test)]
mod loopback;

pub use files::raise_file_limit;
pub use local::LocalExecutor;
pub use options::{Agent, NamedBy, SshConfigOptions, SshOptions};
pub use ssh::SshExecutor;
