//! Machines for tests, examples and benches: a real sshd on loopback, and peers that misbehave.
//!
//! Everything lies in a temporary folder, listens on 127.0.0.0/8 and ends with the value that holds it. Nothing of
//! the machine's own SSH, users or services is read or changed.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lab starts processes and threads; no product code is in here"
)]

mod client;
mod faults;
mod keys;
mod llmock;
mod processes;
mod sshd;
mod stubs;

pub use client::{Agent, ControlMaster};
pub use faults::{BlackHole, GarbageBanner, Silent};
pub use keys::{Key, KeyKind};
pub use llmock::Llmock;
pub use sshd::{Sshd, SshdBuilder};
