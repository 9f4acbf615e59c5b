//! What a person is shown, and what they may answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Part, Plan, PlanDigest, Risk, StepView, Undo};
use crate::action::ActionName;
use crate::call_id::CallId;
use crate::command::Login;
use crate::journal::RequestId;
use crate::node::{Node, NodeName};
use crate::{names, text};

/// Who asked for what a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person, by a typed command or a phrase of the phrasebook.
    Person,
    /// A model, out of a person's words.
    Model,
}

/// All changes of a request as a person sees them before saying yes or no, once. It cannot be made outside core.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Review {
    /// The request that it is about, as the journal numbers it; reads that reach out have none.
    pub request: Option<RequestId>,
    /// The request that it takes back, if it does.
    pub undoes: Option<RequestId>,
    /// Who asked.
    pub origin: Origin,
    /// How much the worst of its parts can hurt.
    pub risk: Risk,
    /// What would be done, in order; one part at least.
    pub parts: Vec<Part>,
    /// What was asked for too, and is not part of it.
    pub left_out: Vec<LeftOut>,
    /// Why no yes in advance covers it, whatever its risk; none where one may.
    pub uncovered: Option<Uncovered>,
    /// What an approval has to name: it stands for all parts, in this order.
    pub digest: PlanDigest,
}

/// Why a yes in advance, which is for the whole of what was asked for, does not cover a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Uncovered {
    /// A part was to be done after something that is left out, by a call before its own.
    FollowsAGap,
    /// It comes of a request that waited, and nobody has seen it as it is now.
    Unseen,
    /// It comes from a journal that is not as it was written.
    DamagedJournal,
}

/// A change that was asked for and cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// The call; none for a change of an earlier request that cannot be taken back.
    pub call: Option<CallId>,
    /// Its action.
    pub action: String,
    /// Its node.
    pub node: String,
    /// Why, in one line.
    pub why: String,
}

impl LeftOut {
    pub(crate) fn new(call: Option<CallId>, action: &str, node: &str, why: &str) -> Self {
        Self { call, action: action.to_owned(), node: node.to_owned(), why: words(why) }
    }
}

impl Review {
    /// `None` where there is nothing to be asked about.
    pub(crate) fn of(parts: Vec<Part>, left_out: Vec<LeftOut>, uncovered: Option<Uncovered>) -> Option<Self> {
        let risk = parts.iter().map(|part| part.risk).max()?;
        let origin = parts.first()?.origin;
        let digest = Self::digest_of(parts.iter().map(|part| part.digest));
        Some(Self { request: None, undoes: None, origin, risk, parts, left_out, uncovered, digest })
    }

    /// One change, and nothing left out.
    pub(crate) fn of_one(part: Part) -> Self {
        let digest = Self::digest_of(std::iter::once(part.digest));
        Self {
            request: None,
            undoes: None,
            origin: part.origin,
            risk: part.risk,
            parts: vec![part],
            left_out: Vec::new(),
            uncovered: None,
            digest,
        }
    }

    /// What stands for parts with these digests, in their order.
    pub(crate) fn digest_of(parts: impl Iterator<Item = PlanDigest>) -> PlanDigest {
        PlanDigest::of_value(&parts.collect::<Vec<_>>())
    }

    /// Whether a part may reach a machine that is of another mode under another name, so that only a person who is shown that
    /// may approve it.
    #[must_use]
    pub fn is_for_a_person(&self) -> bool {
        self.parts.iter().any(|part| !part.untold.is_empty())
    }

    /// Whether its steps and summaries, as the journal keeps them, say all that a person has to see: a model made none of it,
    /// nothing has to be warned of, and no file changes.
    pub(crate) fn is_told_by_its_steps(&self) -> bool {
        self.origin == Origin::Person
            && !self.is_for_a_person()
            && self
                .parts
                .iter()
                .all(|part| part.warnings.is_empty() && part.steps.iter().all(|step| step.diff.is_none()))
    }

    /// What it comes to, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.parts.as_slice() {
            [one] => one.summary.clone(),
            parts => {
                let nodes: BTreeSet<&str> = parts.iter().map(|part| part.node.as_str()).collect();
                let on = match nodes.len() {
                    1 => parts.first().map(|part| part.node.clone()).unwrap_or_default(),
                    count => format!("{count} nodes"),
                };
                format!("{} changes on {on}", parts.len())
            }
        }
    }

    /// Reads that send something out to places which no person named; nothing if there are none.
    pub(crate) fn of_outward(reads: &[Outward<'_>]) -> Option<Self> {
        let first = reads.first()?;
        let targets: BTreeSet<&str> = reads.iter().map(|read| read.target.as_str()).collect();
        let summary = format!("reach out to {}, which you did not name", few(&targets));
        let plan = Plan::new(summary, Risk::Routine, Undo::cannot("what was sent out stays there"));
        let mut part =
            Part::of(&plan, first.call, first.action, first.node, None, Login::Other, Origin::Model);
        // All places and nodes stand in the steps, however many there are.
        let nodes: BTreeSet<&NodeName> = reads.iter().map(|read| read.node.name()).collect();
        let is_one_node = nodes.len() == 1;
        if !is_one_node {
            part.node = format!("{} nodes", nodes.len());
            part.address = words(&names::fold(nodes.iter().map(|name| name.as_str())));
        }
        let step = |read: &Outward<'_>| {
            let on = if is_one_node { String::new() } else { format!(" on {}", read.node.name()) };
            StepView::of_line(&format!("{} {}{on}", read.action, read.args))
        };
        part.steps = reads.iter().map(step).collect();
        let digests: Vec<PlanDigest> = reads.iter().map(Outward::digest).collect();
        part.digest = PlanDigest::of_value(&digests);
        Some(Self::of_one(part))
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
    pub(crate) call: CallId,
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

pub(super) fn words(text: &str) -> String {
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
    /// It is left waiting: a person may approve it later, by its number.
    Waits,
}

/// The answer to a review. There is no default: all that is not an approval of this very digest is a no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes, to the review with this digest.
    Approve(PlanDigest),
    /// These parts of it alone, counted from 0: a review of them is asked about anew. It approves nothing.
    Only(Vec<usize>),
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
        let plan = Plan::new(&hostile, Risk::Routine, Undo::cannot("a trial")).warn(&hostile);
        let name = ActionName::new("container", "stop");
        let call = CallId::new(1);
        let part = Part::of(&plan, call, name, &Node::controller(), None, Login::Other, Origin::Person);
        let left = LeftOut::new(Some(call), "container.stop", "local", &hostile);
        for shown in [&part.summary, &part.warnings[0], &left.why] {
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
            let read = |args| Outward {
                call: CallId::new(1),
                action: name,
                node: &node,
                target: "x".to_owned(),
                args,
            };
            Review::of_outward(&args.iter().map(read).collect::<Vec<_>>()).unwrap()
        };
        assert_ne!(review(&[3]).digest, review(&[20]).digest);
        assert_ne!(review(&[3]).digest, review(&[3, 20]).digest);
        assert!(review(&[20]).parts[0].steps[0].line.contains("20"));
        assert_eq!((review(&[3, 20]).parts[0].steps.len(), Review::of_outward(&[])), (2, None));
    }

    /// The order is part of what is approved; the numbers of the calls are not, for they are other ones tomorrow.
    #[test]
    fn a_digest_stands_for_all_parts_in_their_order() {
        let part = |call: u64, summary: &str| {
            let (plan, name) = (
                Plan::new(summary, Risk::Routine, Undo::cannot("a trial")),
                ActionName::new("container", "stop"),
            );
            let node = Node::controller();
            Part::of(&plan, CallId::new(call), name, &node, None, Login::Other, Origin::Person)
        };
        let digest = |parts: &[Part]| Review::of(parts.to_vec(), Vec::new(), None).unwrap().digest;
        let (one, other) = (part(1, "one"), part(2, "other"));
        let both = digest(&[one.clone(), other.clone()]);
        assert_eq!(both, digest(&[part(8, "one"), part(9, "other")]));
        assert_ne!(both, digest(&[other.clone(), one.clone()]));
        assert_ne!(both, digest(std::slice::from_ref(&one)));
        assert_ne!(digest(std::slice::from_ref(&one)), one.digest, "a part by itself is no review");
        assert_eq!(Review::of(Vec::new(), Vec::new(), None), None);
    }
}
