//! What was approved for one node cannot be turned to another.
use nixi_core::{Executor, Invocation, Node};

async fn turn(executor: &dyn Executor, mut approved: Invocation, other: Node) {
    approved.node = other;
    let _ = executor.exec(approved).await;
}

fn main() {
    let _ = turn;
}
