//! What was shown is what is asked about: nobody adds to it.
use nixi_core::StepView;
use nixi_core::session::Pending;

fn add(pending: Pending) {
    pending.review().parts[0].steps.push(StepView::of_line("rm -rf /"));
    pending.approve();
}

fn main() {
    let _ = add;
}
