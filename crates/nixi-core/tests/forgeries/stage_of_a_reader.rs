//! Nobody lends an action that looks a stage.
use nixi_core::{InspectCx, Stage};

fn sneak<'a>(cx: &'a InspectCx<'_>) -> &'a Stage<'a> {
    cx.stage()
}

fn main() {
    let _ = sneak;
}
