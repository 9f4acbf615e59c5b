//! What one call would do on its node, as a person reads it.

use serde::Serialize;

use super::{Origin, Plan, PlanDigest, Risk, StepView, Undo, review};
use crate::action::ActionName;
use crate::arrival::{Arrival, Stop, way_words};
use crate::call_id::CallId;
use crate::command::Login;
use crate::exec::Fingerprint;
use crate::fleet::address;
use crate::node::{Node, NodeName};

/// One part of a [`super::Review`]: what one call would do on its node. It cannot be made outside core.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// The call.
    pub call: CallId,
    /// Its action.
    pub action: ActionName,
    /// The node it is for; for reads on several nodes how many those are, as `3 nodes`.
    pub node: String,
    /// Where that node is: `user@host`, or `this machine`; the names of several nodes.
    pub address: String,
    /// The host key of the machine that answers there.
    pub host_key: Option<Fingerprint>,
    /// The way there as it was gone: the jump hosts, the nearest first, and the machine itself. Empty where nothing is
    /// run on a remote node.
    pub route: Vec<Stop>,
    /// Who asked.
    pub origin: Origin,
    /// What it comes to, in one line.
    pub summary: String,
    /// How much it can hurt.
    pub risk: Risk,
    /// Every step, in order, as it will run.
    pub steps: Vec<StepView>,
    /// What must still be so when it runs.
    pub expects: Vec<String>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// Nodes of another mode that the machine may be as well: neither a host key nor an address tells them from it. Only a
    /// person who is shown that approves such a plan; no yes in advance covers it.
    pub untold: Vec<NodeName>,
    /// Within how many seconds the node has to be reached over a new connection after a switch, or goes back by itself; none
    /// where nothing is switched.
    pub guard: Option<u64>,
    /// How it is taken back.
    pub undo: Undo,
    /// Stands for all of it, whatever the call is called.
    pub digest: PlanDigest,
}

impl Part {
    pub(crate) fn of(
        plan: &Plan,
        call: CallId,
        action: ActionName,
        node: &Node,
        arrival: Option<Arrival>,
        login: Login,
        origin: Origin,
    ) -> Self {
        let (host_key, route) =
            arrival.map_or_else(Default::default, |arrival| (Some(arrival.host_key), arrival.way));
        let words = review::words;
        Self {
            call,
            action,
            node: node.name().to_string(),
            address: node
                .ssh()
                .map_or_else(|| "this machine".to_owned(), |ssh| address(&ssh.user, &ssh.host, ssh.port)),
            origin,
            summary: words(&plan.summary),
            risk: plan.risk,
            steps: plan.steps.iter().map(|step| step.kind().view(login)).collect(),
            expects: plan.expects.iter().map(|e| words(e.says())).collect(),
            warnings: plan.warnings.iter().map(|w| words(w)).collect(),
            untold: plan.untold.clone(),
            guard: plan.steps.iter().find_map(|step| step.kind().guard()).map(|guard| guard.as_secs()),
            undo: plan.undo.clone(),
            digest: PlanDigest::of(plan, action, node, host_key.as_ref(), &route),
            host_key,
            route,
        }
    }

    /// The line of every step, in order.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &str> {
        self.steps.iter().map(|step| step.line.as_str())
    }

    /// The way there in one line, where it is another than the address says: by another user, port, address or name, or
    /// by way of jump hosts.
    #[must_use]
    pub fn route_words(&self) -> Option<String> {
        way_words(&self.route).filter(|way| *way != self.address)
    }
}
