//! What was shown is what is asked about: nobody adds to it.
use nixi_core::session::Pending;

fn add(pending: Pending) {
    pending.review().parts[0].steps.push("rm -rf /".to_owned());
    pending.approve();
}

fn main() {
    let _ = add;
}
