//! Reading and changing are all there is.
use nixi_core::Command;
use nixi_core::command::Access;

enum Harmless {}
impl Access for Harmless {}

fn main() {
    let _: Option<Command<Harmless>> = None;
}
