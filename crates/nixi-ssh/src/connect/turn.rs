//! Whose turn it is to connect, exchange keys and log in.
//!
//! These steps are computing, on both sides. Where a crowd begins all at once, each is slowed down by all others until
//! none ends in time; so only so many go on at a time. A host that lets us wait gives its place up: it may be far away,
//! slow, or dead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::ConnectError;
use super::budget::Budget;

/// How many go on at a time.
pub(super) const AT_ONCE: usize = 32;
/// How long an answer is waited for with the place in hand.
const LINGER: Duration = Duration::from_millis(250);
/// How long those who were first are left alone before all others are dialled too.
const HEAD_START: Duration = Duration::from_millis(200);

/// Until when one that begins now leaves those who were first alone.
pub(super) fn head_start() -> Instant {
    Instant::now() + HEAD_START
}

/// A place among those that go on, if it is not given up at the moment.
pub(super) struct Turn {
    places: Arc<Semaphore>,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    /// None yet.
    pub(super) fn new(places: &Arc<Semaphore>) -> Self {
        Self { places: Arc::clone(places), place: Mutex::default() }
    }

    /// Waits for a place, unless one is in hand. That is no time of the host's.
    pub(super) async fn take(&self, budget: &mut Budget) -> Result<(), ConnectError> {
        if self.hand(|place| place.is_none()) {
            let places = Arc::clone(&self.places);
            let place = budget.queue(places.acquire_owned()).await.map_err(ConnectError::internal)?;
            self.hand(|hand| *hand = Some(place));
        }
        Ok(())
    }

    /// Waits for a place, but not for long: to dial takes no place, it is only better when few do it at once. What does
    /// not even take a call is found out this way while others log in. This little while is not given back to the host, so
    /// that a whole fleet is told of within the limit.
    pub(super) async fn take_by(&self, soon: Instant, budget: &mut Budget) -> Result<(), ConnectError> {
        timeout_at(soon, self.take(budget)).await.unwrap_or(Ok(()))
    }

    /// Waits for the host, and gives the place up if that takes long.
    pub(super) async fn linger<F: Future>(&self, wait: F) -> F::Output {
        tokio::pin!(wait);
        match timeout(LINGER, &mut wait).await {
            Ok(done) => done,
            Err(_) => {
                self.end();
                wait.await
            }
        }
    }

    /// Gives the place up.
    pub(super) fn end(&self) {
        self.hand(|place| *place = None);
    }

    fn hand<T>(&self, with: impl FnOnce(&mut Option<OwnedSemaphorePermit>) -> T) -> T {
        with(&mut self.place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_are_dialled_soon_and_without_a_place_if_need_be() {
        let places = Arc::new(Semaphore::new(1));
        let (first, second) = (Turn::new(&places), Turn::new(&places));
        let mut budget = Budget::new(Duration::from_secs(10));
        let begun = tokio::time::Instant::now();
        first.take_by(head_start(), &mut budget).await.unwrap();
        assert_eq!((begun.elapsed(), places.available_permits()), (Duration::ZERO, 0));
        second.take_by(head_start(), &mut budget).await.unwrap();
        assert!(second.hand(|place| place.is_none()) && begun.elapsed() >= HEAD_START);
        // Nor does it stand in the queue any more.
        first.end();
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_long_holds_no_place() {
        let places = Arc::new(Semaphore::new(1));
        let (slow, quick) = (Turn::new(&places), Turn::new(&places));
        let mut budget = Budget::new(Duration::from_secs(10));
        slow.take(&mut budget).await.unwrap();
        // A short wait keeps the place.
        slow.linger(tokio::time::sleep(LINGER / 2)).await;
        assert_eq!(places.available_permits(), 0);
        let others = async {
            let mut budget = Budget::new(Duration::from_secs(10));
            quick.take(&mut budget).await.unwrap();
            quick.end();
            "quick"
        };
        let waits = async {
            slow.linger(tokio::time::sleep(4 * LINGER)).await;
            "slow"
        };
        let first = tokio::select! { who = others => who, who = waits => who };
        assert_eq!(first, "quick");
        slow.take(&mut budget).await.unwrap();
        assert_eq!(places.available_permits(), 0);
        drop(slow);
        assert_eq!(places.available_permits(), 1);
    }
}
