//! Holding an executor gives nobody the power to run anything.
use nixi_core::{Command, Executor, Invocation, Node, Program, Write};

async fn run(executor: &dyn Executor) {
    let reboot = Command::<Write>::new(Program::new("reboot"));
    let node = Node::controller();
    let invocation = Invocation::change(&node, &reboot, std::time::Duration::from_secs(1), Default::default());
    let _ = executor.exec(invocation).await;
}

fn main() {
    let _ = run;
}
