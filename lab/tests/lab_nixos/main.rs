//! What the machines do as NixOS does: one test a promise of the look-alike, on a machine of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod boot;
mod containers;
mod etc;
mod firewall;
mod host;
mod login;
mod options;
mod rebuild;
mod sshd;
mod sudo;
mod switch;
mod units;
mod users;
