//! What a person is shown, and what they may answer.

use serde::Serialize;

use super::{Plan, PlanDigest, Risk};
use crate::action::ActionName;
use crate::command::Login;
use crate::exec::Fingerprint;
use crate::fleet::address;
use crate::node::{Node, NodeName};
use crate::text;

/// Who asked for what a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person, by a typed command or a phrase of the phrasebook.
    Person,
    /// A model, out of a person's words.
    Model,
}

/// A plan as a person sees it before saying yes or no. It cannot be made outside core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Review {
    /// The action that made the plan.
    pub action: ActionName,
    /// The node it is for.
    pub node: NodeName,
    /// Where that node is: `user@host`, or `this machine`.
    pub address: String,
    /// The host key of the machine that answers there.
    pub host_key: Option<Fingerprint>,
    /// Who asked.
    pub origin: Origin,
    /// What it comes to, in one line.
    pub summary: String,
    /// How much it can hurt.
    pub risk: Risk,
    /// Every step, in order, as it will run.
    pub steps: Vec<String>,
    /// What must still be so when it runs.
    pub expects: Vec<String>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// What an approval has to name.
    pub digest: PlanDigest,
}

impl Review {
    pub(crate) fn of(
        plan: &Plan,
        action: ActionName,
        node: &Node,
        host_key: Option<Fingerprint>,
        login: Login,
        origin: Origin,
    ) -> Self {
        Self {
            action,
            node: node.name().clone(),
            address: node
                .ssh()
                .map_or_else(|| "this machine".to_owned(), |ssh| address(&ssh.user, &ssh.host, ssh.port)),
            origin,
            summary: text::clean_line(&plan.summary),
            risk: plan.risk,
            steps: plan.steps.iter().map(|step| text::clean_line(&step.for_login(login))).collect(),
            expects: plan.expects.iter().map(|e| text::clean_line(e.says())).collect(),
            warnings: plan.warnings.iter().map(|w| text::clean_line(w)).collect(),
            digest: PlanDigest::of(plan, action, node, host_key.as_ref()),
            host_key,
        }
    }

    /// A read that sends something out to a place which no person named.
    pub(crate) fn of_outward(action: ActionName, node: &Node, target: &str) -> Self {
        let plan = Plan::new(format!("reach out to {target}, which you did not name"), Risk::Routine);
        let mut review = Self::of(&plan, action, node, None, Login::Other, Origin::Model);
        review.steps = vec![text::clean_line(&format!("{action} {target}"))];
        review.digest = PlanDigest::of_value(&(action, node.name().as_str(), target));
        review
    }
}

/// Why an answer was no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A person said no.
    Person,
    /// There is nobody to ask here.
    NobodyToAsk,
    /// A person was asked and did not answer in time.
    TimedOut,
    /// Whoever was asked has gone.
    Gone,
}

/// The answer to a review. There is no default: all that is not an approval of this very digest is a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, to the plan with this digest.
    Approve(PlanDigest),
    /// No.
    Deny(Refusal),
}
