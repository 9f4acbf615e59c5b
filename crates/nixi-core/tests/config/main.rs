//! The configuration: what is read, what is refused and how, and what a change leaves alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should fail there and then"
)]

mod edit;
mod hostile;
mod read;
mod roundtrip;
mod store;
