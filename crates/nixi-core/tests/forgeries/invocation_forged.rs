//! Holding an executor gives nobody the power to run anything.
use nixi_core::{Command, Executor, Invocation, Node, Program, Write};

async fn run(executor: &dyn Executor) {
    let reboot = Command::<Write>::new(Program::new("reboot"));
    let invocation = Invocation::change(&reboot, std::time::Duration::from_secs(1), Default::default());
    let _ = executor.exec(&Node::controller(), invocation).await;
}

fn main() {
    let _ = run;
}
