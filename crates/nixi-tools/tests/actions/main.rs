//! Every action through a real session, with an executor that runs nothing and writes down what it was asked.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should fail there and then")]

mod at_boot;
mod changes;
mod choices;
mod composed;
mod declared;
mod deploys;
mod execs;
mod failing;
mod files;
mod garbage;
mod hostile;
mod journal;
mod odd;
mod reads;
mod refusals;
mod said;
mod schema;
mod support;
mod units;
