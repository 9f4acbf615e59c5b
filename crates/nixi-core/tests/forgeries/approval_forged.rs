//! An approval comes from a person's decision alone.
use nixi_core::plan::Asked;
use nixi_core::{Approved, Decision, Plan, Review, Risk, Undo, Writable};

fn forge(review: &Review, writable: Writable) {
    let decision = Decision::Approve(review.digest);
    let asked = Asked { plan: Plan::new("anything", Risk::Routine, Undo::cannot("a trial")), writable };
    let _ = Approved::new(vec![asked], review, &decision);
}

fn main() {
    let _ = forge;
}
