//! An action that looks cannot run what changes.
use nixi_core::{Command, InspectCx, Program, ToolError, Write};

async fn sneak(cx: &InspectCx<'_>) -> Result<(), ToolError> {
    cx.run(Command::<Write>::new(Program::new("reboot"))).await?;
    Ok(())
}

fn main() {
    let _ = sneak;
}
