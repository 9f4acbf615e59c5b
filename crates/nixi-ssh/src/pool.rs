//! One live session a target: made when it is first needed, shared, replaced when it has ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use nixi_core::SshTarget;

use crate::connect::{ConnectError, Connector};
use crate::session::Session;

type Connecting = BoxFuture<'static, Result<Session, Arc<ConnectError>>>;

/// The sessions of one executor; when it goes, they are closed.
pub(crate) struct Pool {
    connector: Arc<Connector>,
    slots: Arc<Mutex<HashMap<SshTarget, Slot>>>,
}

enum Slot {
    /// Somebody connects; whoever comes now waits with them. When all have left, the attempt ends too.
    Connecting(WeakShared<Connecting>),
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
    pub(crate) async fn get(&self, target: &SshTarget) -> Result<Found, Arc<ConnectError>> {
        let connecting = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.get(target) {
                Some(Slot::Live(session)) if !session.is_over() => {
                    return Ok(Found { session: session.clone(), fresh: false });
                }
                Some(Slot::Connecting(weak)) => weak.upgrade().filter(|shared| shared.peek().is_none()),
                Some(Slot::Live(_)) | None => None,
            }
            .unwrap_or_else(|| {
                let shared = self.connect(target.clone());
                if let Some(weak) = shared.downgrade() {
                    slots.insert(target.clone(), Slot::Connecting(weak));
                }
                shared
            })
        };
        connecting.await.map(|session| Found { session, fresh: true })
    }

    fn connect(&self, target: SshTarget) -> Shared<Connecting> {
        let (connector, slots) = (Arc::clone(&self.connector), Arc::clone(&self.slots));
        async move {
            let connected = connector.connect(&target, None).await.map_err(Arc::new)?;
            let session = Session::start(connected, target.clone(), connector.options().connect_timeout);
            let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.insert(target, Slot::Live(session.clone()));
            Ok(session)
        }
        .boxed()
        .shared()
    }
}
