//! One live session a target, and a second one where the first is not enough: made when they are first needed,
//! shared, replaced when they have ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use nixi_core::SshTarget;

use crate::actor::Lane;
use crate::connect::{ConnectError, Connector};
use crate::session::Session;

type Connecting = BoxFuture<'static, Result<Session, Arc<ConnectError>>>;

/// The sessions of one executor; when it goes, they are closed.
pub(crate) struct Pool {
    connector: Arc<Connector>,
    slots: Slots,
}

type Slots = Arc<Mutex<HashMap<(SshTarget, Lane), Slot>>>;

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
        Self { connector, slots: Arc::default() }
    }

    /// The live session of a target, or a new one. An attempt that fails, fails for all who waited for it.
    pub(crate) async fn get(&self, target: &SshTarget, lane: Lane) -> Result<Found, Arc<ConnectError>> {
        let key = (target.clone(), lane);
        let connecting = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.get(&key) {
                Some(Slot::Live(session)) if !session.is_over() => {
                    return Ok(Found { session: session.clone(), fresh: false });
                }
                Some(Slot::Connecting(_, weak)) => weak.upgrade().filter(|shared| shared.peek().is_none()),
                Some(Slot::Live(_)) | None => None,
            }
            .unwrap_or_else(|| {
                let attempt = Attempt::default();
                let shared = self.connect(key.clone(), Arc::clone(&attempt));
                if let Some(weak) = shared.downgrade() {
                    slots.insert(key, Slot::Connecting(attempt, weak));
                }
                shared
            })
        };
        connecting.await.map(|session| Found { session, fresh: true })
    }

    /// Lets go of all sessions with a host; what runs on them ends as it would have.
    pub(crate) fn forget(&self, target: &SshTarget) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(other, _), _| {
            other.port != target.port || !other.host.as_str().eq_ignore_ascii_case(target.host.as_str())
        });
    }

    /// Lets go of all sessions with a host but this one.
    pub(crate) fn replace(&self, target: &SshTarget, session: Session) {
        self.forget(target);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.insert((target.clone(), Lane::Main), Slot::Live(session));
    }

    fn connect(&self, key: (SshTarget, Lane), attempt: Attempt) -> Shared<Connecting> {
        let (connector, slots) = (Arc::clone(&self.connector), Arc::clone(&self.slots));
        async move {
            let (target, lane) = &key;
            let connected = connector.connect(target, None).await.map_err(Arc::new)?;
            let patience = connector.options().connect_timeout;
            let session = Session::start(connected, target.clone(), patience, *lane);
            let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = slots.get_mut(&key)
                && matches!(slot, Slot::Connecting(of, _) if Arc::ptr_eq(of, &attempt))
            {
                *slot = Slot::Live(session.clone());
            }
            Ok(session)
        }
        .boxed()
        .shared()
    }
}
