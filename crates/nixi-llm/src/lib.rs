//! The brains of Nixi: a phrasebook that never guesses, and the loop around a model that may say anything.
//!
//! **Invariant.** Both end in the same calls through the same door: [`nixi_core::session`] checks them, refuses them
//! and asks a person about them. Nothing here can run a command, read the environment or approve a plan.

mod conversation;
mod model;
mod openai;
mod phrasebook;
mod prompt;

pub use model::{ChatModel, ModelSettings, Patience};
pub use phrasebook::Phrasebook;
pub use secrecy::zeroize::Zeroizing;
pub use secrecy::{ExposeSecret, SecretString};
