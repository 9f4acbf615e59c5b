//! An approval cannot be copied.
use nixi_core::Approved;

fn twice(approved: &Approved) -> (Approved, Approved) {
    (Approved::clone(approved), Approved::clone(approved))
}

fn main() {
    let _ = twice;
}
