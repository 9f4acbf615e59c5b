//! What is gathered cannot be made by hand.
use nixi_core::{Gathered, Node};

fn main() {
    let _ = Gathered { node: Node::controller(), cancel: Default::default(), reads: Vec::new() };
}
