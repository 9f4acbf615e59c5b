//! Whole machines: systemd as first process, sshd, sudo, journald, podman and Nix, each with its own address.
//!
//! The machines of one lab live in a [world](world) of their own, which the kernel clears away as one.

mod base;
mod faults;
mod images;
mod inside;
mod lab;
mod limits;
mod machine;
mod neighbours;
mod power;
mod programs;
mod proxy;
mod standing;
mod world;

pub use base::{BaseTree, Progress, Variant};
pub use faults::Fault;
pub use images::Image;
pub use inside::Said;
pub use lab::{Lab, LabBuilder};
pub use machine::{Machine, MachineSpec};
pub use proxy::{LinkQuality, SlowLink};
pub use standing::{StandingLab, running};
pub use world::clear_dead;
