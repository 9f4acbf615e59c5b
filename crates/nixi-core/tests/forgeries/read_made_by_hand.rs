//! A read comes from the catalog alone.
use nixi_core::{Command, Program, Read};

fn main() {
    let _ = Command::<Read>::new(Program::new("rm"));
}
