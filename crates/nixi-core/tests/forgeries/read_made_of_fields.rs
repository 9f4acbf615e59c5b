//! The fields of a command are its own.
use nixi_core::command::Elevation;
use nixi_core::{Command, Program, Read};

fn main() {
    let _: Command<Read> = Command {
        program: Program::new("rm"),
        args: vec!["-rf".to_owned()],
        elevation: Elevation::Root,
        access: std::marker::PhantomData,
    };
}
