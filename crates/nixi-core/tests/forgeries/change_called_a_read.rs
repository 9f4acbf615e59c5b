//! What reads may stand where a change may; never the reverse.
use nixi_core::{Command, Program, Read, Write};

fn main() {
    let change = Command::<Write>::new(Program::new("reboot"));
    let _: Command<Read> = change.into();
}
