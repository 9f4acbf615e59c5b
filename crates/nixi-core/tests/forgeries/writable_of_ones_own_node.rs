//! A node that was made up proves nothing.
use nixi_core::Node;

fn main() {
    let _ = Node::controller().writable();
}
