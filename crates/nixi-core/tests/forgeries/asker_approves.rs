//! Who asks has no way to approve.
use nixi_core::{Asker, Review};

fn approve(asker: &Asker, review: &Review) {
    asker.approve(review.digest);
}

fn main() {
    let _ = approve;
}
