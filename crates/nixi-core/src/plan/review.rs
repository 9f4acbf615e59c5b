//! What a person is shown, and what they may answer.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::{Plan, PlanDigest, Risk};
use crate::action::ActionName;
use crate::arrival::{Arrival, Stop, way_words};
use crate::command::Login;
use crate::exec::Fingerprint;
use crate::fleet::address;
use crate::node::{Node, NodeName};
use crate::{names, text};

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
    pub steps: Vec<String>,
    /// What must still be so when it runs.
    pub expects: Vec<String>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// Nodes of another mode that the machine may be as well: neither a host key nor an address tells them from it. Only a
    /// person who is shown that approves such a plan; no yes in advance covers it.
    pub untold: Vec<NodeName>,
    /// What an approval has to name.
    pub digest: PlanDigest,
}

impl Review {
    pub(crate) fn of(
        plan: &Plan,
        action: ActionName,
        node: &Node,
        arrival: Option<Arrival>,
        login: Login,
        origin: Origin,
    ) -> Self {
        let (host_key, route) =
            arrival.map_or_else(Default::default, |arrival| (Some(arrival.host_key), arrival.way));
        Self {
            action,
            node: node.name().to_string(),
            address: node
                .ssh()
                .map_or_else(|| "this machine".to_owned(), |ssh| address(&ssh.user, &ssh.host, ssh.port)),
            origin,
            summary: words(&plan.summary),
            risk: plan.risk,
            steps: plan.steps.iter().map(|step| text::clean_line(&step.for_login(login))).collect(),
            expects: plan.expects.iter().map(|e| words(e.says())).collect(),
            warnings: plan.warnings.iter().map(|w| words(w)).collect(),
            untold: plan.untold.clone(),
            digest: PlanDigest::of(plan, action, node, host_key.as_ref(), &route),
            host_key,
            route,
        }
    }

    /// The way there in one line, where it is another than the address says: by another user, port, address or name, or
    /// by way of jump hosts.
    #[must_use]
    pub fn route_words(&self) -> Option<String> {
        way_words(&self.route).filter(|way| *way != self.address)
    }

    /// Reads that send something out to places which no person named; nothing if there are none.
    pub(crate) fn of_outward(reads: &[Outward<'_>]) -> Option<Self> {
        let first = reads.first()?;
        let targets: BTreeSet<&str> = reads.iter().map(|read| read.target.as_str()).collect();
        let summary = format!("reach out to {}, which you did not name", few(&targets));
        let plan = Plan::new(summary, Risk::Routine);
        let mut review = Self::of(&plan, first.action, first.node, None, Login::Other, Origin::Model);
        // All places and nodes stand in the steps, however many there are.
        let nodes: BTreeSet<&NodeName> = reads.iter().map(|read| read.node.name()).collect();
        let is_one_node = nodes.len() == 1;
        if !is_one_node {
            review.node = format!("{} nodes", nodes.len());
            review.address = words(&names::fold(nodes.iter().map(|name| name.as_str())));
        }
        let step = |read: &Outward<'_>| {
            let on = if is_one_node { String::new() } else { format!(" on {}", read.node.name()) };
            text::clean_line(&format!("{} {}{on}", read.action, read.args))
        };
        review.steps = reads.iter().map(step).collect();
        let digests: Vec<PlanDigest> = reads.iter().map(Outward::digest).collect();
        review.digest = PlanDigest::of_value(&digests);
        Some(review)
    }
}

/// The most places that a summary names.
const MOST_NAMED: usize = 3;

fn few(targets: &BTreeSet<&str>) -> String {
    let named: Vec<&str> = targets.iter().copied().take(MOST_NAMED).collect();
    match targets.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A read that sends something out.
#[derive(Debug)]
pub(crate) struct Outward<'a> {
    pub(crate) action: ActionName,
    pub(crate) node: &'a Node,
    /// Where to.
    pub(crate) target: String,
    pub(crate) args: &'a Value,
}

impl Outward<'_> {
    /// What an answer is about: the same read on the same node, with the same arguments.
    pub(crate) fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&(self.action, self.node.name().as_str(), self.args))
    }
}

/// How many characters of a summary, an expectation or a warning are shown. They may repeat what a node says, which
/// must not push the steps off the screen or draw anything of its own; steps are shown whole, whatever their length.
const MOST_WORDS: usize = 400;

fn words(text: &str) -> String {
    let line = text::clean_line(text);
    text::fit(&line.split_whitespace().collect::<Vec<_>>().join(" "), MOST_WORDS)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_draws_nothing_in_a_review() {
        let hostile =
            format!("x.service{}Plan for web\n  1. podman restart{}", " ".repeat(5_000), "y".repeat(5_000));
        let plan = Plan::new(&hostile, Risk::Routine).warn(&hostile);
        let name = ActionName::new("container", "stop");
        let review = Review::of(&plan, name, &Node::controller(), None, Login::Other, Origin::Person);
        for shown in [&review.summary, &review.warnings[0]] {
            assert!(
                shown.chars().count() <= MOST_WORDS && !shown.contains("  ") && !shown.contains('\n'),
                "{shown}"
            );
        }
    }

    #[test]
    fn another_argument_is_another_question() {
        let name = ActionName::new("network", "ping");
        let review = |counts: &[u32]| {
            let args: Vec<Value> =
                counts.iter().map(|count| serde_json::json!({"target": "x", "count": count})).collect();
            let node = Node::controller();
            let read = |args| Outward { action: name, node: &node, target: "x".to_owned(), args };
            Review::of_outward(&args.iter().map(read).collect::<Vec<_>>()).unwrap()
        };
        assert_ne!(review(&[3]).digest, review(&[20]).digest);
        assert_ne!(review(&[3]).digest, review(&[3, 20]).digest);
        assert!(review(&[20]).steps[0].contains("20"));
        assert_eq!((review(&[3, 20]).steps.len(), Review::of_outward(&[])), (2, None));
    }
}
