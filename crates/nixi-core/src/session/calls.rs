//! The calls of a request, checked.

use std::sync::Arc;

use serde_json::Value;

use super::Work;
use super::protocol::CallAhead;
use crate::call_id::CallId;
use crate::card::Edits;
use crate::node::Node;
use crate::registry::{Access, Action, Args, FOLLOW};

/// Where a call is made, and which call that is.
pub(super) struct Site {
    pub(super) call: CallId,
    pub(super) node: Node,
}

/// A call whose action, nodes and arguments are known to fit; nothing has run yet.
pub(super) struct Checked {
    pub(super) action: Arc<Action>,
    pub(super) sites: Vec<Site>,
    pub(super) args: Args,
    /// The arguments as the action understood them.
    pub(super) understood: Value,
}

impl Action {
    /// What it wants the nodes for.
    pub(super) fn work(&self) -> Work {
        match self.spec.edits {
            Edits::NodeList => Work::OnTheList,
            Edits::Nothing => Work::OnNodes,
        }
    }
}

impl Checked {
    /// Whether nobody is asked about it: it leaves a running system as it is.
    pub(super) fn is_read(&self) -> bool {
        match self.action.spec.access {
            Access::Read | Access::Rehearse => true,
            Access::Write(_) => false,
        }
    }

    /// Whether it goes on until it is stopped.
    pub(super) fn follows(&self) -> bool {
        self.understood.get(FOLLOW) == Some(&Value::Bool(true))
    }

    /// The nodes that it is for.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.sites.iter().map(|site| &site.node)
    }

    /// As it is told of before it is made on a node.
    fn ahead(&self, site: &Site) -> CallAhead {
        CallAhead {
            call: site.call,
            action: self.action.spec.name.to_string(),
            node: site.node.name().clone(),
            args: self.understood.clone(),
            presentation: self.action.spec.presentation(),
        }
    }
}

/// All of them, as they are told of before they are made.
pub(super) fn ahead(calls: &[Checked]) -> Vec<CallAhead> {
    calls.iter().flat_map(|call| call.sites.iter().map(move |site| call.ahead(site))).collect()
}
