//! Machines for tests, examples and benches.
//!
//! [`Sshd`] is a real sshd on loopback that any user may run, with peers beside it that misbehave; it lies in a
//! temporary folder and listens on 127.0.0.0/8. [`Lab`] is whole machines, which need root: systemd, sshd, sudo, podman
//! and Nix under a look-alike of NixOS, in namespaces of their own.
//!
//! All of it ends with the value that holds it. Nothing of this machine's own SSH, users or services is read or changed.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the lab starts processes and threads; no product code is in here"
)]

mod client;
mod faults;
mod flood;
mod keys;
mod llmock;
mod machines;
mod names;
mod processes;
mod sshd;
mod stubs;

pub use client::{Agent, ControlMaster};
pub use faults::{BlackHole, GarbageBanner, Silent};
pub use flood::{Flood, Junk, When};
pub use keys::{Key, KeyKind};
pub use llmock::Llmock;
pub use machines::{
    BaseTree, Fault, Image, Lab, LabBuilder, LinkQuality, Machine, MachineSpec, Progress, Said, SlowLink,
    StandingLab, Variant, clear_dead, running,
};
pub use names::NameServer;
pub use sshd::{Sshd, SshdBuilder};
