//! How many files and connections may be open at once, and who waits while there are no more to be had.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::connect::ConnectError;

/// So many are enough for the largest fleet.
const WANTED: u64 = 65_536;
/// What all the rest of the program has open: the terminal, the reactor, files that are read, lookups, programs.
const OTHERS: u64 = 72;
/// What a connection takes: itself, the pair of its relay, and a file now and then while it is made.
const EACH: u32 = 4;
/// And one by way of a jump host, which is a pair of sockets itself.
const BEHIND: u32 = 5;
/// How long one waits before it looks again for a connection that nobody uses any more.
const LOOK: Duration = Duration::from_millis(10);

/// The limit that this process was started with.
static INHERITED: OnceLock<Rlimit> = OnceLock::new();

/// Raises this process's limit of open files as far as it may; a program calls it at its start. What it starts gets back
/// the limit that was there before.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = INHERITED.set(limit);
    if limit.current.is_some_and(|current| current < WANTED) {
        let current = limit.maximum.map_or(WANTED, |most| most.min(WANTED));
        // Where that is refused, connections wait for each other.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    }
}

/// Gives a program that was just started the limit that we were started with: one that uses select(2) fails with files
/// beyond 1,024.
pub(crate) fn restore_file_limit(program: Pid) {
    if let Some(limit) = INHERITED.get() {
        // It may have ended already.
        let _ = prlimit(Some(program), Resource::Nofile, *limit);
    }
}

/// What connections may have open.
pub(crate) struct Files {
    free: Arc<Semaphore>,
    /// The one who looks for a connection to close.
    first: Mutex<()>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self::of(getrlimit(Resource::Nofile).current)
    }

    fn of(limit: Option<u64>) -> Self {
        let free = limit.unwrap_or(u64::MAX).saturating_sub(OTHERS).max(u64::from(BEHIND));
        let free = usize::try_from(free).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(free)), first: Mutex::default() }
    }

    /// Waits until another connection may be made; `close` closes one that nobody uses, if there is one.
    pub(crate) async fn room(
        &self,
        behind: bool,
        close: impl Fn() -> bool,
    ) -> Result<OwnedSemaphorePermit, ConnectError> {
        let many = if behind { BEHIND } else { EACH };
        if let Ok(room) = Arc::clone(&self.free).try_acquire_many_owned(many) {
            return Ok(room);
        }
        // One after the other: who waits longest gets what is closed.
        let _first = self.first.lock().await;
        let room = Arc::clone(&self.free).acquire_many_owned(many);
        tokio::pin!(room);
        loop {
            close();
            tokio::select! {
                biased;
                room = &mut room => return room.map_err(ConnectError::internal),
                () = sleep(LOOK) => {}
            }
        }
    }

    /// What others wait for is not waited for.
    pub(crate) fn room_at_once(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_many_owned(EACH).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_closes_what_nobody_uses() {
        let files = Files::of(Some(OTHERS + 2 * u64::from(EACH)));
        let idle = std::sync::Mutex::new(Vec::new());
        for _ in 0..2 {
            let room = files.room(false, || panic!("there is room")).await.unwrap();
            idle.lock().unwrap().push(room);
        }
        let third = files.room(false, || idle.lock().unwrap().pop().is_some()).await;
        assert!(third.is_ok() && idle.lock().unwrap().len() == 1);
        // A limit below what the rest takes still lets one after the other in.
        assert!(Files::of(Some(3)).room(true, || false).await.is_ok());
        assert!(Files::of(None).room(true, || false).await.is_ok());
    }
}
