//! A yes is spent on one review.
use nixi_core::session::Pending;

fn twice(pending: Pending) {
    pending.approve();
    pending.approve();
}

fn main() {
    let _ = twice;
}
