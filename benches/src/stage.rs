//! What every bench has at hand.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::options::{Options, Sizes};

/// The runtime that `nixi` itself has, and what was asked for.
pub(crate) struct Stage {
    runtime: Runtime,
    options: Options,
}

impl Stage {
    /// Sets it up.
    pub(crate) fn new(options: Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Ok(Self { runtime: runtime.context("failed to start the runtime")?, options })
    }

    /// How much of everything.
    pub(crate) fn sizes(&self) -> Sizes {
        self.options.sizes
    }

    /// Where the peers' programs are.
    pub(crate) fn peers(&self) -> &Path {
        &self.options.peers
    }

    /// The released `nixi`.
    pub(crate) fn nixi(&self) -> &Path {
        &self.options.nixi
    }

    /// Runs a future to its end.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Enters the runtime, for what starts tasks of its own.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }
}

/// How long something took that worked, in seconds.
pub(crate) fn timed<T>(act: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = Instant::now();
    let value = act()?;
    Ok((begun.elapsed().as_secs_f64(), value))
}
