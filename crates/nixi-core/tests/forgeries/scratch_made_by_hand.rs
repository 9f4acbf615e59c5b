//! What may be tried out unasked is in the catalog; there is no other way to make one.
use nixi_core::{Command, Program, Scratch};

fn main() {
    let _ = Command::<Scratch>::scratch(Program::new("rm"), ["-rf", "/"]);
}
