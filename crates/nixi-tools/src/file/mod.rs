//! The tool `file`: files of a node, below `/srv` and the configured roots, with the rights of the login user. Nothing here
//! uses sudo: a path that others can turn into a link must not be followed by root.

mod content;
mod delete;
mod entry;
mod expected;
mod facts;
mod former;
mod ground;
mod list;
mod login;
mod place;
mod read;
mod shown;
mod write;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use delete::{Delete, DeleteArgs};
pub use entry::Entry;
#[cfg(feature = "fuzzing")]
pub(crate) use entry::entries;
#[cfg(test)]
pub(crate) use entry::tests as entry_tests;
pub use expected::Expected;
pub use facts::FileKind;
pub use list::{List, ListReport};
pub use place::FileArgs;
pub(crate) use place::real_told;
pub use read::{ReadFile, ReadReport};
pub use write::{Write, WriteArgs};

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry.inspect(List)?.inspect(ReadFile)?.change(Write)?.change(Delete)
}
