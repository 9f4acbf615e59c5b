//! Nixi manages many NixOS machines from one controller over SSH.
//!
//! This crate is the facade: the only place where the parts meet. [`open`] reads the configuration and puts together
//! executors, tools and brains into a session of `nixi-core`; every front end drives that session, and so can any
//! Rust program:
//!
//! ```no_run
//! use nixi::core::{CallRequest, Intent, Op};
//!
//! # async fn example() -> Result<(), nixi::core::ErrorReport> {
//! // Without the approver nothing can be changed: what nobody can approve is declined.
//! let (asker, _approver) = nixi::open(&nixi::Setup::default())?;
//! let call = CallRequest::new("system.info").on("web-server");
//! // Nobody hears the events (`&()`), and nothing cancels it (a fresh token).
//! let outcome = asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &Default::default()).await;
//! assert_eq!(outcome.exit_code(), 0);
//! # Ok(())
//! # }
//! ```

mod controller;
mod dumps;
mod journal;
mod key;
mod outputs;
mod private_folder;
mod setup;
mod user;
mod wire;

pub use dumps::leave_no_dumps;
pub use nixi_core as core;
pub use nixi_ssh::raise_file_limit;
pub use nixi_tools as tools;
pub use setup::Setup;
pub use wire::{open, open_with};
