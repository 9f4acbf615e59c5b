//! One live session a route, and a second one where the first is not enough: made when they are first needed, shared,
//! replaced when they have ended.
//!
//! Jump hosts have sessions of their own, apart from those for commands, and shared by all that is behind them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use nixi_core::Fingerprint;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::actor::{Lane, NoTunnel};
use crate::connect::{AT_A_DOOR, Budget, Carried, ConnectError, Connected, Connector, JumpHosts};
use crate::files::Files;
use crate::route::Route;
use crate::session::Session;

type Connecting = BoxFuture<'static, Result<Session, Arc<ConnectError>>>;

/// How many may exchange keys and log in at once behind one jump host: sshd takes 10 strangers (`MaxStartups`), and to
/// a node they all come from there.
const HANDSHAKES: usize = 9;
/// How many may do so with the jump host itself: as many as may stand at one door.
const LOGINS: usize = AT_A_DOOR;
/// Over how many sessions with one jump host tunnels are spread at most. One that waits for a machine that does not
/// answer leaves its place to a new one, and lives as long as somebody waits or it carries something.
const LANES: usize = 16;

/// The sessions of one executor; when it goes, they are closed.
pub(crate) struct Pool {
    jumps: Jumps,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Use {
    Commands(Lane),
    /// To carry others: the first session with a jump host, or a further one.
    Jump(usize),
}

impl Use {
    /// Whoever waits for a tunnel has no other session to go to.
    fn lane(self) -> Lane {
        match self {
            Self::Commands(lane) => lane,
            Self::Jump(_) => Lane::Side,
        }
    }
}

/// How often, and after what pause, one tries again that found no file to open.
const SHORT_TRIES: u32 = 100;
const SHORT_PAUSE: Duration = Duration::from_millis(100);

type Slots = Mutex<HashMap<(Arc<Route>, Use), Slot>>;

/// Which attempt it is: one that was forgotten meanwhile leaves nothing behind.
type Attempt = Arc<()>;

enum Slot {
    /// Somebody connects; whoever comes now waits with them. When all have left, the attempt ends too.
    Connecting(Attempt, WeakShared<Connecting>),
    Live(Session),
}

/// A session, and whether it was there before.
pub(crate) struct Found {
    pub(crate) session: Session,
    pub(crate) fresh: bool,
}

impl Pool {
    pub(crate) fn new(connector: Arc<Connector>) -> Self {
        let (slots, crowds) = (Slots::default(), Mutex::default());
        Self { jumps: Jumps { shared: Arc::new(Sessions { connector, files: Files::new(), slots, crowds }) } }
    }

    /// The live session of a route, or a new one. An attempt that fails, fails for all who waited for it.
    pub(crate) async fn get(&self, route: &Arc<Route>, lane: Lane) -> Result<Found, Arc<ConnectError>> {
        self.jumps.get(route, Use::Commands(lane)).await
    }

    /// A session that is made now, whatever there is already. It is in nobody's hands yet.
    pub(crate) async fn log_in(
        &self,
        route: &Arc<Route>,
        pin: Option<&Fingerprint>,
    ) -> Result<Session, ConnectError> {
        let key = (Arc::clone(route), Use::Commands(Lane::Main));
        let connected = self.jumps.connect_with_room(&key, pin).await?;
        Ok(self.jumps.start(connected, &key))
    }

    /// Lets go of all sessions with a host; what runs on them ends as it would have.
    pub(crate) fn forget(&self, known_as: &(nixi_core::Host, nixi_core::Port)) {
        let (host, port) = known_as;
        self.jumps.slots(|slots| {
            slots.retain(|(route, _), _| {
                let (other, at) = &route.known_as;
                at != port || !other.as_str().eq_ignore_ascii_case(host.as_str())
            });
        });
    }

    /// Lets go of all sessions of a route for commands but this one.
    pub(crate) fn renew(&self, route: &Arc<Route>, session: Session) {
        self.jumps.slots(|slots| {
            slots.remove(&(Arc::clone(route), Use::Commands(Lane::Side)));
            slots.insert((Arc::clone(route), Use::Commands(Lane::Main)), Slot::Live(session));
        });
    }

    /// Lets go of all sessions with a host but this one.
    pub(crate) fn replace(&self, route: &Arc<Route>, session: Session) {
        self.forget(&route.known_as);
        self.renew(route, session);
    }
}

/// The sessions themselves, as those have them in hand that connect by way of others.
#[derive(Clone)]
struct Jumps {
    shared: Arc<Sessions>,
}

struct Sessions {
    connector: Arc<Connector>,
    /// What all connections together may have open.
    files: Files,
    slots: Slots,
    crowds: Mutex<HashMap<Arc<Route>, Arc<Crowd>>>,
}

/// All that is behind one jump host.
struct Crowd {
    handshakes: Arc<Semaphore>,
    /// For those who log in to the jump host itself.
    logins: Arc<Semaphore>,
    /// How many sessions with the jump host tunnels are spread over.
    lanes: AtomicUsize,
    next: AtomicUsize,
}

impl Jumps {
    fn slots<T>(&self, with: impl FnOnce(&mut HashMap<(Arc<Route>, Use), Slot>) -> T) -> T {
        with(&mut self.shared.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn get(&self, route: &Arc<Route>, purpose: Use) -> Result<Found, Arc<ConnectError>> {
        let key = (Arc::clone(route), purpose);
        let connecting = self.slots(|slots| {
            let there = match slots.get(&key) {
                Some(Slot::Live(session)) if !session.is_over() && !session.is_clogged() => {
                    return Err(Found { session: session.clone(), fresh: false });
                }
                Some(Slot::Connecting(_, weak)) => weak.upgrade().filter(|shared| shared.peek().is_none()),
                Some(Slot::Live(_)) | None => None,
            };
            Ok(there.unwrap_or_else(|| {
                let attempt = Attempt::default();
                let shared = self.connect(key.clone(), Arc::clone(&attempt));
                if let Some(weak) = shared.downgrade() {
                    slots.insert(key.clone(), Slot::Connecting(attempt, weak));
                }
                shared
            }))
        });
        match connecting {
            Err(found) => Ok(found),
            Ok(connecting) => connecting.await.map(|session| Found { session, fresh: true }),
        }
    }

    fn connect(&self, key: (Arc<Route>, Use), attempt: Attempt) -> Shared<Connecting> {
        let this = self.clone();
        async move {
            let place = this.place_to_log_in(&key).await.map_err(Arc::new)?;
            let connected = this.connect_with_room(&key, None).await.map_err(Arc::new)?;
            drop(place);
            let session = this.start(connected, &key);
            this.slots(|slots| {
                if let Some(slot) = slots.get_mut(&key)
                    && matches!(slot, Slot::Connecting(of, _) if Arc::ptr_eq(of, &attempt))
                {
                    *slot = Slot::Live(session.clone());
                }
            });
            Ok(session)
        }
        .boxed()
        .shared()
    }

    fn start(&self, connected: Connected<Session>, (route, purpose): &(Arc<Route>, Use)) -> Session {
        let patience = self.shared.connector.options().connect_timeout;
        Session::start(connected, Arc::clone(route), patience, purpose.lane())
    }

    /// Connects as soon as there may be another connection.
    async fn connect_with_room(
        &self,
        (route, purpose): &(Arc<Route>, Use),
        pin: Option<&Fingerprint>,
    ) -> Result<Connected<Session>, ConnectError> {
        let Sessions { connector, files, .. } = &*self.shared;
        let mut tries = 0;
        loop {
            let room = match purpose {
                Use::Commands(_) => Some(files.room(route.via.is_some(), || self.close_an_idle_one()).await?),
                // Others wait for it with their own rooms in hand.
                Use::Jump(_) => files.room_at_once(),
            };
            match connector.connect(route, pin, self).await {
                // Others than our connections took what there was.
                Err(error) if error.is_of_files() && tries < SHORT_TRIES => {
                    tries += 1;
                    drop(room);
                    self.close_an_idle_one();
                    sleep(SHORT_PAUSE).await;
                }
                connected => {
                    return connected.map(|mut connected| {
                        connected.link.keep(room);
                        connected
                    });
                }
            }
        }
    }

    /// Closes a connection that nobody uses, if there is one.
    fn close_an_idle_one(&self) -> bool {
        let idle = self.slots(|slots| {
            let idle = |(key, slot): (&(Arc<Route>, Use), &Slot)| match slot {
                Slot::Live(session) => {
                    (matches!(key.1, Use::Commands(_)) && session.is_idle()).then(|| key.clone())
                }
                Slot::Connecting(..) => None,
            };
            slots.iter().find_map(idle).and_then(|key| slots.remove(&key))
        });
        idle.is_some()
    }

    /// A place among those that log in to a jump host; whoever is for commands needs none.
    async fn place_to_log_in(
        &self,
        (route, purpose): &(Arc<Route>, Use),
    ) -> Result<Option<OwnedSemaphorePermit>, ConnectError> {
        match purpose {
            Use::Commands(_) => Ok(None),
            Use::Jump(_) => {
                let logins = Arc::clone(&self.crowd(route).logins);
                logins.acquire_owned().await.map(Some).map_err(ConnectError::internal)
            }
        }
    }

    fn crowd(&self, via: &Arc<Route>) -> Arc<Crowd> {
        let mut crowds = self.shared.crowds.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = crowds.entry(Arc::clone(via)).or_insert_with(|| {
            Arc::new(Crowd {
                handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
                logins: Arc::new(Semaphore::new(LOGINS)),
                lanes: AtomicUsize::new(1),
                next: AtomicUsize::new(0),
            })
        });
        Arc::clone(crowd)
    }
}

impl JumpHosts for Jumps {
    type Carrier = Session;

    async fn place_behind(
        &self,
        via: &Arc<Route>,
        budget: &mut Budget,
    ) -> Result<OwnedSemaphorePermit, ConnectError> {
        let handshakes = Arc::clone(&self.crowd(via).handshakes);
        budget.queue(handshakes.acquire_owned()).await.map_err(ConnectError::internal)
    }

    /// While machines behind the jump host do not answer, the way to others goes over further sessions with it, twice as
    /// many each time.
    async fn open(
        &self,
        via: &Arc<Route>,
        route: &Route,
        budget: &Budget,
    ) -> Result<Carried<Session>, ConnectError> {
        let crowd = self.crowd(via);
        let mut again = true;
        loop {
            let lanes = crowd.lanes.load(Ordering::Relaxed);
            let lane = crowd.next.fetch_add(1, Ordering::Relaxed) % lanes;
            let found = budget.within("connecting to its jump host", self.get(via, Use::Jump(lane))).await?;
            let Found { session, fresh } =
                found.map_err(|error| ConnectError::JumpHost { hop: Arc::clone(via), error })?;
            let opening = session.tunnel(route.host.as_str(), route.port.get());
            match budget.within("waiting for its jump host to reach it", opening).await? {
                Ok(stream) => return Ok(Carried { stream, carrier: session }),
                Err(NoTunnel::Clogged) => {
                    crowd.lanes.fetch_max((lanes * 2).min(LANES), Ordering::Relaxed);
                }
                // A session that had died unseen: a fresh one will tell.
                Err(NoTunnel::Over(_)) if again && !fresh => again = false,
                Err(NoTunnel::Refused(why) | NoTunnel::Over(why)) => {
                    return Err(ConnectError::NoTunnel { hop: Arc::clone(via), why });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nixi_core::{Given, Jump, SshTarget};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;
    use crate::options::SshOptions;
    use crate::route::Routes;

    #[tokio::test]
    async fn only_so_many_log_in_to_a_jump_host_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let options =
            SshOptions { connect_timeout: Duration::from_secs(60), ..SshOptions::of_home(dir.path()) };
        let bastion = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = SshTarget {
            host: "127.0.0.1".parse().unwrap(),
            port: bastion.local_addr().unwrap().port().try_into().unwrap(),
            user: "nixi".parse().unwrap(),
            identity: None,
            given: Given::ALL,
            jump: Jump::Unsaid,
        };
        let route = Routes::new(&options).find(&target).unwrap();
        let jumps = Pool::new(Arc::new(Connector::new(options))).jumps;
        for lane in 0..LANES {
            let (jumps, route) = (jumps.clone(), Arc::clone(&route));
            tokio::spawn(async move { jumps.get(&route, Use::Jump(lane)).await.map(drop) });
        }
        // It says nothing, so whoever has come stays.
        let mut here = Vec::new();
        while here.len() < LOGINS {
            here.push(bastion.accept().await.unwrap());
        }
        let more = timeout(Duration::from_millis(500), bastion.accept()).await;
        assert!(more.is_err(), "one more came: {more:?}");
        // Whoever is sent away makes place for another.
        for _ in LOGINS..LANES {
            here.remove(0);
            here.push(bastion.accept().await.unwrap());
        }
    }
}
