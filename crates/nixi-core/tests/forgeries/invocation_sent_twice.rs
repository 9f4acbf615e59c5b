//! What was approved once is sent once.
use nixi_core::{Executor, Invocation};

async fn twice(executor: &dyn Executor, approved: Invocation) {
    let _ = executor.exec(approved).await;
    let _ = executor.exec(approved).await;
}

fn main() {
    let _ = twice;
}
