//! What changes a node cannot be sent along with reads.
use nixi_core::{Command, InspectCx, Program, Write};

async fn sneak(cx: &InspectCx<'_>) {
    cx.gather([Command::<Write>::new(Program::new("reboot"))]).await;
}

fn main() {
    let _ = sneak;
}
