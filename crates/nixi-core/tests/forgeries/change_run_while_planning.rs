//! Neither can an action that plans.
use nixi_core::{Command, PlanCx, Program, ToolError, Write};

async fn sneak(cx: &PlanCx<'_>) -> Result<(), ToolError> {
    cx.stdout(Command::<Write>::new(Program::new("reboot"))).await?;
    Ok(())
}

fn main() {
    let _ = sneak;
}
