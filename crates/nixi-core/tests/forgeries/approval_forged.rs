//! An approval comes from a person's decision alone.
use nixi_core::{Approved, Decision, Node, Plan, Review, Risk};

fn forge(review: &Review) {
    let writable = Node::controller().writable().unwrap();
    let decision = Decision::Approve(review.digest);
    let name = review.action;
    let _ = Approved::new(Plan::new("anything", Risk::Routine), name, writable, review, decision);
}

fn main() {
    let _ = forge;
}
