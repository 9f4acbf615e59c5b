//! A plan that a person said yes to.

use super::{Decision, Plan, PlanDigest, Refusal, Review, Writable};
use crate::action::ActionName;
use crate::arrival::Stop;
use crate::exec::Fingerprint;

/// A plan, the proof that its node may be changed, and the yes to exactly that. Spent once, by being applied.
#[derive(Debug)]
pub struct Approved {
    pub(super) plan: Plan,
    pub(super) action: ActionName,
    pub(super) writable: Writable,
    /// Of the machine that answered when the plan was made.
    pub(super) host_key: Option<Fingerprint>,
    /// The way there.
    pub(super) route: Vec<Stop>,
    pub(super) digest: PlanDigest,
}

impl Approved {
    /// Checks the decision against the plan at hand, not against what was shown: should the two ever differ, it is a no.
    pub(crate) fn new(
        plan: Plan,
        action: ActionName,
        writable: Writable,
        review: &Review,
        decision: Decision,
    ) -> Result<Self, Refusal> {
        let (host_key, route) = (review.host_key.clone(), review.route.clone());
        let digest = PlanDigest::of(&plan, action, writable.node(), host_key.as_ref(), &route);
        match decision {
            Decision::Approve(named) if named == digest => {
                Ok(Self { plan, action, writable, host_key, route, digest })
            }
            Decision::Approve(_) => Err(Refusal::Person),
            Decision::Deny(refusal) => Err(refusal),
        }
    }
}
