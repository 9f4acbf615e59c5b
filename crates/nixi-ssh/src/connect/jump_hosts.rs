//! What a connect needs of those that lead to machines behind jump hosts.
//!
//! They keep sessions, and sessions are made by connecting: this is the seam between the two.

use std::sync::Arc;

use tokio::net::UnixStream;
use tokio::sync::OwnedSemaphorePermit;

use super::{Budget, ConnectError};
use crate::route::Route;

/// Leads to machines behind jump hosts.
pub(crate) trait JumpHosts: Sync {
    /// A session with a jump host. It lives at least as long as what it carries.
    type Carrier: Send;

    /// A tunnel to a machine by way of its jump host.
    fn open(
        &self,
        via: &Arc<Route>,
        route: &Route,
        budget: &Budget,
    ) -> impl Future<Output = Result<Carried<Self::Carrier>, ConnectError>> + Send;

    /// A place among those that exchange keys and log in behind a jump host.
    fn place_behind(
        &self,
        via: &Arc<Route>,
        budget: &mut Budget,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, ConnectError>> + Send;
}

/// The near end of a tunnel, and the session that carries it.
pub(crate) struct Carried<C> {
    pub(crate) stream: UnixStream,
    pub(crate) carrier: C,
}
