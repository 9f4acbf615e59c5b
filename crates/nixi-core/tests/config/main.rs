//! The configuration: what is read, what is refused and how, and what a change leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod edit;
mod read;
mod roundtrip;
mod store;
