//! The one limit for a whole connect.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::ConnectError;

/// What is left of the time for a connect. Steps that wait for others of our own are given back.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Duration,
    end: Instant,
}

impl Budget {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, end: Instant::now() + limit }
    }

    /// Waits, but not beyond the limit; `step` says in the error what was being waited for.
    pub(crate) async fn within<F: Future>(
        &self,
        step: &'static str,
        wait: F,
    ) -> Result<F::Output, ConnectError> {
        timeout_at(self.end, wait).await.map_err(|_| ConnectError::Timeout { step, limit: self.limit })
    }

    /// Waits for a place in a queue of our own, which is not the node's fault.
    pub(crate) async fn queue<F: Future>(&mut self, wait: F) -> F::Output {
        let begun = Instant::now();
        let done = wait.await;
        self.end += begun.elapsed();
        done
    }
}
