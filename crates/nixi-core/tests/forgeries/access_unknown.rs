//! No other type tells what a command may do.
use nixi_core::Command;

fn main() {
    let _: Option<Command<String>> = None;
}
