//! What a plan is applied with.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Page;
use crate::config::ConfigStore;
use crate::context::Settings;
use crate::exec::{Executor, HostKeys};
use crate::node::{Node, SshTarget};
use crate::secret::Vault;
use crate::session::{Asking, Audience};

/// What applying needs: the way to the node, and the controller's own files.
pub(crate) struct ApplyCx<'a> {
    pub(crate) executor: &'a dyn Executor,
    pub(crate) config: &'a ConfigStore,
    pub(crate) host_keys: Arc<dyn HostKeys>,
    /// The node as the configuration has it now; `None` if it is gone from there.
    pub(crate) current: Option<Node>,
    /// Every other node and its jump hosts, whose host keys stay.
    pub(crate) others: Vec<SshTarget>,
    /// The nodes as the configuration has them now, none of which may be this machine in another mode.
    pub(crate) nodes: Vec<Node>,
    pub(crate) settings: Settings,
    /// Asks the person what only they can say while it runs.
    pub(crate) asking: &'a Asking,
    /// The secrets that its steps hand over.
    pub(crate) vault: &'a Vault,
    pub(crate) cancel: &'a CancellationToken,
    /// Where its steps are written down.
    pub(crate) page: Page<'a>,
    /// Hears what is waited for.
    pub(crate) audience: &'a dyn Audience,
}
