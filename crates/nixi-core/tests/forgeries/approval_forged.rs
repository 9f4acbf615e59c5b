//! An approval comes from a person's decision alone.
use nixi_core::{Approved, Decision, Plan, Review, Risk, Writable};

fn forge(review: &Review, writable: Writable) {
    let decision = Decision::Approve(review.digest);
    let name = review.action;
    let _ = Approved::new(Plan::new("anything", Risk::Routine), name, writable, review, decision);
}

fn main() {
    let _ = forge;
}
