//! Who may knock, and at which door.
//!
//! A listener takes so many calls into its queue (128, for sshd) and so many strangers into its hall (10, before it begins to
//! turn some away). Many names may lead to one: a port that is forwarded, a gateway. So few knock at one address and port
//! at a time, and those who wait share the fate of those who knocked in vain. Many addresses may lead to one listener
//! too: not many more are called at a time, over all, than fit into one queue. A call that finds it full is made again by
//! the kernel after a second, then after two and four more; where that is seen, fewer are called until nobody answers late
//! any more. Who does not answer for a while leaves its place to others, unless answers come late because there is a crowd.
//! All of this waiting is ours, and is no time of the host's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::ConnectError;
use super::budget::Budget;

/// How many are called at a time, over all: so many that black holes among two hundred are found out at once, and so few
/// that who finds a queue of 128 full finds room in it a second later.
const CALLS: usize = 180;
/// How many of these places stay empty after a call found a queue full, as it seems: the rest fits.
const EMPTY: usize = 90;
/// A call that is not taken by then will be made again (RFC 6298, section 2: for the first time after a second).
const AGAIN: Duration = Duration::from_millis(900);
/// How many knock at one door, or are being let in there: sshd takes 10 strangers (`MaxStartups`), and for a moment counts
/// those among them that it has just let in.
pub(crate) const AT_A_DOOR: usize = 6;
/// When an answer is late.
const LATE: Duration = Duration::from_millis(250);
/// How often one who is late leaves its place.
const LEAVES: Duration = Duration::from_millis(5);
/// How long none does after somebody answered late.
const CROWDED: Duration = Duration::from_secs(1);
/// How long after that a host that has taken our call, and says nothing, is taken for one that stands behind others.
const BEHIND: Duration = Duration::from_secs(3);

/// All doors and all calls of a controller.
pub(super) struct Dials {
    calls: Arc<Semaphore>,
    doors: Mutex<HashMap<SocketAddr, Weak<Door>>>,
    late: Mutex<Late>,
    full: Mutex<Full>,
}

/// What is known of full queues.
#[derive(Default)]
struct Full {
    seen: bool,
    /// The places that stay empty.
    empty: Vec<OwnedSemaphorePermit>,
}

struct Late {
    /// When the next one may leave its place.
    next: Instant,
    /// When somebody last answered late.
    answered: Option<Instant>,
}

struct Door {
    places: Arc<Semaphore>,
    /// When somebody last answered.
    answered: Mutex<Option<Instant>>,
    /// What those heard who knocked in vain.
    fate: watch::Sender<Option<ConnectError>>,
}

/// A place at a door, until it is given up.
pub(super) struct Knock<'a> {
    dials: &'a Dials,
    door: Arc<Door>,
    begun: Instant,
    call: Option<OwnedSemaphorePermit>,
    place: OwnedSemaphorePermit,
}

/// A place among those who are being let in.
pub(super) struct Guest {
    _door: Arc<Door>,
    _place: OwnedSemaphorePermit,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dials {
    pub(super) fn new() -> Self {
        let late = Mutex::new(Late { next: Instant::now(), answered: None });
        Self { calls: Arc::new(Semaphore::new(CALLS)), doors: Mutex::default(), late, full: Mutex::default() }
    }

    fn door(&self, address: SocketAddr) -> Arc<Door> {
        let mut doors = locked(&self.doors);
        if let Some(door) = doors.get(&address).and_then(Weak::upgrade) {
            return door;
        }
        // Those that nobody stands at any more are forgotten now and then.
        if doors.len() >= 4096 {
            doors.retain(|_, door| door.strong_count() > 0);
        }
        let door = Arc::new(Door {
            places: Arc::new(Semaphore::new(AT_A_DOOR)),
            answered: Mutex::default(),
            fate: watch::Sender::new(None),
        });
        doors.insert(address, Arc::downgrade(&door));
        door
    }

    /// Waits for a place at the door. An error, if meanwhile others knocked there in vain.
    pub(super) async fn knock(
        &self,
        address: SocketAddr,
        budget: &mut Budget,
    ) -> Result<Knock<'_>, ConnectError> {
        let door = self.door(address);
        let mut fate = door.fate.subscribe();
        let place = budget.queue(async {
            tokio::select! {
                biased;
                _ = fate.changed() => {
                    let told = fate.borrow().clone();
                    Err(told.unwrap_or_else(|| ConnectError::internal("nobody knocks any more")))
                }
                place = Arc::clone(&door.places).acquire_owned() => place.map_err(ConnectError::internal),
            }
        });
        let place = place.await?;
        self.refill();
        let call = budget.queue(Arc::clone(&self.calls).acquire_owned()).await;
        let call = Some(call.map_err(ConnectError::internal)?);
        Ok(Knock { dials: self, door, begun: Instant::now(), call, place })
    }

    /// Calls a host, and notes where a queue seems to be full.
    pub(super) async fn call<T>(&self, open: impl Future<Output = T>) -> T {
        tokio::pin!(open);
        if let Ok(opened) = timeout(AGAIN, &mut open).await {
            return opened;
        }
        if self.crowd().is_some() {
            locked(&self.full).seen = true;
        }
        open.await
    }

    /// Gives a place back, or leaves it empty.
    fn give_back(&self, call: OwnedSemaphorePermit) {
        let mut full = locked(&self.full);
        if full.seen && full.empty.len() < EMPTY {
            full.empty.push(call);
        }
    }

    /// Gives the empty places back when there is no crowd any more.
    fn refill(&self) {
        if self.crowd().is_none() {
            *locked(&self.full) = Full::default();
        }
    }

    /// Until when a host that has taken our call may stand behind others, if there is a crowd.
    pub(super) fn crowd(&self) -> Option<Instant> {
        let answered = locked(&self.late).answered?;
        Some(answered + BEHIND).filter(|until| *until > Instant::now())
    }

    /// Waits until one who is late may leave its place to another.
    async fn may_leave(&self) {
        sleep(LATE).await;
        loop {
            let turn = {
                let mut late = locked(&self.late);
                late.next = late.next.max(Instant::now()) + LEAVES;
                late.next
            };
            sleep_until(turn).await;
            let answered = locked(&self.late).answered;
            match answered.map(|at| at + CROWDED).filter(|until| *until > Instant::now()) {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }
}

impl Knock<'_> {
    /// Waits for whoever opens.
    pub(super) async fn wait<T>(
        mut self,
        answer: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<(T, Guest), ConnectError> {
        tokio::pin!(answer);
        self.begun = Instant::now();
        let done = tokio::select! {
            biased;
            done = &mut answer => done,
            () = self.dials.may_leave() => {
                self.call = None;
                answer.await
            }
        };
        match done {
            Ok(answer) => {
                let now = Instant::now();
                *locked(&self.door.answered) = Some(now);
                if now.duration_since(self.begun) >= LATE {
                    locked(&self.dials.late).answered = Some(now);
                }
                let Self { dials, door, call, place, .. } = self;
                dials.refill();
                call.into_iter().for_each(|call| dials.give_back(call));
                Ok((answer, Guest { _door: door, _place: place }))
            }
            Err(error) => {
                let others = *locked(&self.door.answered);
                if error.is_of_the_door() && others.is_none_or(|at| at < self.begun) {
                    self.door.fate.send_replace(Some(error.clone()));
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn address(at: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, at], port))
    }

    async fn hole(dials: &Dials, address: SocketAddr) -> Result<Guest, ConnectError> {
        let mut budget = Budget::new(LIMIT);
        let knock = dials.knock(address, &mut budget).await?;
        knock
            .wait(async { budget.within("connecting", std::future::pending::<()>()).await })
            .await
            .map(|(_, guest)| guest)
    }

    async fn host(dials: &Dials, address: SocketAddr, takes: Duration) -> Result<Guest, ConnectError> {
        let mut budget = Budget::new(LIMIT);
        let knock = dials.knock(address, &mut budget).await?;
        let answer = async { budget.within("connecting", sleep(takes)).await };
        knock.wait(answer).await.map(|(_, guest)| guest)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_names_of_one_black_hole_share_its_fate() {
        let (dials, begun) = (Dials::new(), Instant::now());
        let told = join_all((0..1000).map(|_| hole(&dials, address(1, 22)))).await;
        assert!(told.iter().all(|told| matches!(told, Err(ConnectError::Timeout { .. }))));
        assert!(begun.elapsed() < LIMIT + LATE, "{:?}", begun.elapsed());
        // Who comes later finds out anew.
        let late = host(&dials, address(1, 22), Duration::ZERO).await;
        assert!(late.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_names_of_one_slow_listener_are_all_let_in() {
        let dials = Dials::new();
        let most = std::sync::atomic::AtomicUsize::new(0);
        let one = || async {
            let guest = host(&dials, address(1, 22), Duration::from_millis(900)).await;
            let free = dials.door(address(1, 22)).places.available_permits();
            most.fetch_max(AT_A_DOOR - free, std::sync::atomic::Ordering::Relaxed);
            guest.map(drop)
        };
        let told = join_all((0..1000).map(|_| one())).await;
        assert!(told.iter().all(Result::is_ok));
        assert!(most.into_inner() <= AT_A_DOOR);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_never_answer_leave_their_places() {
        let (dials, begun) = (Dials::new(), Instant::now());
        let holes = join_all((0..500).map(|at| hole(&dials, address(1, 1000 + at))));
        let live = async {
            join_all((0..200).map(|at| host(&dials, address(2, 1000 + at), Duration::from_millis(1)))).await;
            begun.elapsed()
        };
        let (_, live) = tokio::join!(holes, live);
        assert!(live < LIMIT / 2, "{live:?}");
    }

    /// A listener with a queue of 128 behind a thousand addresses. A call that finds it full is made again.
    #[tokio::test(start_paused = true)]
    async fn a_queue_that_was_full_finds_room() {
        let (dials, server) = (Dials::new(), Semaphore::new(1));
        let (waiting, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let call = |at: u16| {
            let (dials, server, waiting, refused) = (&dials, &server, &waiting, &refused);
            async move {
                let mut budget = Budget::new(LIMIT);
                let knock = dials.knock(address(1, 1000 + at), &mut budget).await?;
                let answer = async {
                    let taken = async {
                        let mut pause = Duration::from_secs(1);
                        while waiting.get() >= 128 {
                            refused.set(refused.get() + 1);
                            sleep(pause).await;
                            pause *= 2;
                        }
                    };
                    budget.within("connecting", dials.call(taken)).await?;
                    waiting.set(waiting.get() + 1);
                    let _turn = budget.within("answering", server.acquire()).await?;
                    budget.within("answering", sleep(Duration::from_millis(15))).await?;
                    waiting.set(waiting.get() - 1);
                    Ok(())
                };
                knock.wait(answer).await.map(drop)
            }
        };
        let told = join_all((0..1000).map(call)).await;
        let lost: Vec<_> = told.iter().filter_map(|told| told.as_ref().err()).collect();
        assert!(lost.is_empty(), "{} of 1000 ({} refused): {:?}", lost.len(), refused.get(), lost.first());
        assert!((40..160).contains(&refused.get()), "{}", refused.get());
        // The crowd is over, and all places are there again.
        sleep(BEHIND).await;
        dials.refill();
        assert_eq!(dials.calls.available_permits(), CALLS);
    }

    /// One queue behind many addresses, from which one is taken after the other.
    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_answers_late_is_not_made_larger() {
        let dials = Dials::new();
        let (queue, most) = (Semaphore::new(1), std::sync::atomic::AtomicUsize::new(0));
        let waiting = std::sync::atomic::AtomicUsize::new(0);
        let one = |at: u16| {
            let (dials, queue, most, waiting) = (&dials, &queue, &most, &waiting);
            async move {
                let mut budget = Budget::new(Duration::from_secs(60));
                let knock = dials.knock(address(1, 1000 + at), &mut budget).await?;
                let answer = async {
                    let now = 1 + waiting.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    most.fetch_max(now, std::sync::atomic::Ordering::Relaxed);
                    if let Ok(_turn) = queue.acquire().await {
                        sleep(Duration::from_millis(10)).await;
                    }
                    waiting.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
                    Ok(())
                };
                knock.wait(answer).await.map(drop)
            }
        };
        let told = join_all((0..1000).map(one)).await;
        assert!(told.iter().all(Result::is_ok));
        let most = most.into_inner();
        assert!(most < CALLS + 30, "{most} stood in the queue");
    }
}
