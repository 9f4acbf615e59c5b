//! What a person said yes to.

use std::sync::OnceLock;

use super::{Decision, Part, Plan, PlanDigest, Refusal, Review, Writable};
use crate::action::ActionName;
use crate::arrival::Stop;
use crate::exec::Fingerprint;
use crate::node::Node;

/// Plans, the proofs that their nodes may be changed, and the yes to exactly all of them, in their order. Spent once, by
/// being applied part by part.
#[derive(Debug)]
pub struct Approved {
    parts: Vec<ApprovedPart>,
}

/// One plan of an approval. Spent once, by being applied.
#[derive(Debug)]
pub(crate) struct ApprovedPart {
    pub(super) plan: Plan,
    pub(super) action: ActionName,
    pub(super) writable: Writable,
    /// Of the machine that answered when the plan was made.
    pub(super) host_key: Option<Fingerprint>,
    /// The way there.
    pub(super) route: Vec<Stop>,
    pub(super) digest: PlanDigest,
    /// Where the machine is since a step moved it.
    moved: OnceLock<Spot>,
}

/// A machine as it is reached.
#[derive(Debug)]
struct Spot {
    node: Node,
    host_key: Option<Fingerprint>,
}

/// A plan that is asked about, with the proof that its node may be changed.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) plan: Plan,
    pub(crate) writable: Writable,
}

impl Approved {
    /// Checks the decision against the plans at hand, not against what was shown: should the two ever differ, it is a no.
    pub(crate) fn new(asked: Vec<Asked>, review: &Review, decision: &Decision) -> Result<Self, Refusal> {
        let named = match decision {
            Decision::Approve(named) => *named,
            Decision::Only(_) => return Err(Refusal::Person),
            Decision::Deny(refusal) => return Err(*refusal),
        };
        if asked.len() != review.parts.len() {
            return Err(Refusal::Person);
        }
        let parts: Vec<ApprovedPart> =
            asked.into_iter().zip(&review.parts).map(|(asked, part)| ApprovedPart::of(asked, part)).collect();
        let digests = parts.iter().map(|part| part.digest);
        if named == Review::digest_of(digests) { Ok(Self { parts }) } else { Err(Refusal::Person) }
    }

    /// Its parts, each of which can be applied once.
    pub(crate) fn into_parts(self) -> impl Iterator<Item = ApprovedPart> {
        self.parts.into_iter()
    }
}

impl ApprovedPart {
    fn of(Asked { plan, writable }: Asked, part: &Part) -> Self {
        let (action, host_key, route) = (part.action, part.host_key.clone(), part.route.clone());
        let digest = PlanDigest::of(&plan, action, writable.node(), host_key.as_ref(), &route);
        Self { plan, action, writable, host_key, route, digest, moved: OnceLock::new() }
    }

    /// The node, where it is by now.
    pub(super) fn node(&self) -> &Node {
        self.moved.get().map_or(self.writable.node(), |spot| &spot.node)
    }

    /// The host key of the machine, by now; none on the controller.
    pub(super) fn host_key(&self) -> Option<&Fingerprint> {
        match self.moved.get() {
            Some(spot) => spot.host_key.as_ref(),
            None => self.host_key.as_ref(),
        }
    }

    /// Whether a step moved it.
    pub(super) fn has_moved(&self) -> bool {
        self.moved.get().is_some()
    }

    /// The machine is reached there from now on. It moves once.
    pub(super) fn moves(&self, node: Node, host_key: Option<Fingerprint>) {
        let _ = self.moved.set(Spot { node, host_key });
    }

    /// What was approved.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}
