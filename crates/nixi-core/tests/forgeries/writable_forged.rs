//! The proof that a node may be changed comes from the mode check alone.
use nixi_core::{Node, Writable};

fn main() {
    let _ = Writable { node: Node::controller() };
}
