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

    /// Waits among others. At the end of the limit `crowd` says until when it is taken for granted that a host which does
    /// not answer stands behind them: then no time of this wait is the host's. Even so it ends after three limits.
    pub(crate) async fn among_others<F: Future>(
        &mut self,
        step: &'static str,
        wait: F,
        crowd: impl Fn() -> Option<Instant>,
    ) -> Result<F::Output, ConnectError> {
        tokio::pin!(wait);
        let (begun, end) = (Instant::now(), self.end);
        let last = end + 2 * self.limit;
        loop {
            match self.within(step, &mut wait).await {
                Ok(done) => {
                    if self.end > end {
                        self.end = end + begun.elapsed();
                    }
                    return Ok(done);
                }
                Err(error) => match crowd() {
                    Some(until) if self.end < last => self.end = until.min(last),
                    _ => return Err(error),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// What came of a host that answers after so many seconds, and what is left after that, with a crowd for so long.
    async fn answered(after: u64, crowd: u64) -> (Result<Duration, ConnectError>, Duration) {
        let mut budget = Budget::new(LIMIT);
        let begun = Instant::now();
        let until = begun + Duration::from_secs(crowd);
        let crowd = || (until > Instant::now()).then(|| Instant::now() + Duration::from_secs(1));
        let done = budget.among_others("answering", sleep(Duration::from_secs(after)), crowd).await;
        let left = budget.end.saturating_duration_since(Instant::now());
        (done.map(|()| begun.elapsed()), left)
    }

    #[tokio::test(start_paused = true)]
    async fn who_stands_behind_others_is_waited_for() {
        let (done, left) = answered(4, 0).await;
        assert!(done.is_ok() && left <= LIMIT - Duration::from_secs(4), "{left:?}");
        // Nobody is before it: the limit is the limit.
        let (done, _) = answered(11, 9).await;
        assert!(matches!(done, Err(ConnectError::Timeout { limit: LIMIT, .. })), "{done:?}");
        // There is, and then all the time is given back.
        let (done, left) = answered(14, 20).await;
        assert!(done.is_ok() && left > LIMIT - Duration::from_millis(10), "{left:?}");
        // A host that never answers is told of when the others have been answered, or after three limits.
        let begun = Instant::now();
        let (done, _) = answered(1000, 20).await;
        assert!(done.is_err() && begun.elapsed() < Duration::from_millis(21_010), "{:?}", begun.elapsed());
        let begun = Instant::now();
        let (done, _) = answered(1000, 1000).await;
        assert!(done.is_err() && begun.elapsed() < 3 * LIMIT + Duration::from_millis(10));
    }
}
