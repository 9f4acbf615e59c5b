//! The tools of Nixi: one folder a tool (a noun), one file an action.
//!
//! Every action is an [`nixi_core::Inspect`] or a [`nixi_core::Change`]; nothing here can change a machine. A report is
//! typed: its JSON is for programs, its `Display` for people. What a node prints is hostile: it is parsed into types,
//! and what does not fit is [`nixi_core::ToolError::Unreadable`], never a panic and never an empty list. One odd row of many
//! is a [`LeftOut`] of its report.
//!
//! A program that wants a part of the tools takes the `register` of their folders; [`registry`] takes them all.

mod bytes;
mod declared;
mod follow;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod journal;

mod parts;
mod reading;
mod rows;
mod span;
mod table;
mod targets;

pub mod clock;
pub mod container;
pub mod file;
pub mod firewall;
pub mod log;
pub mod network;
pub mod nix;
pub mod nixos;
pub mod node;
pub mod package;
pub mod service;
pub mod system;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use journal::{JournalEntry, JournalReport};
pub use rows::LeftOut;

/// The parameters of an action that takes none.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoArgs {}

/// A registry with every action of this crate.
///
/// # Errors
/// [`RegistrationError`] if two actions clash, which the tests of this crate rule out.
pub fn registry() -> Result<Registry, RegistrationError> {
    let registry = clock::register(Registry::new())?;
    let registry = system::register(registry)?;
    let registry = container::register(registry)?;
    let registry = service::register(registry)?;
    let registry = file::register(registry)?;
    let registry = log::register(registry)?;
    let registry = network::register(registry)?;
    let registry = nixos::register(registry)?.composing(nixos::Composer);
    let registry = package::register(registry)?;
    let registry = firewall::register(registry)?;
    node::register(registry)
}
