//! An action that looks, which monitored nodes allow, cannot write there: not even into a temporary folder.
use nixi_core::catalog::scratch;
use nixi_core::command::ScratchPath;
use nixi_core::{InspectCx, ToolError};

async fn sneak(cx: &InspectCx<'_>, path: &ScratchPath) -> Result<(), ToolError> {
    cx.run(scratch::folder(path)).await?;
    Ok(())
}

fn main() {
    let _ = sneak;
}
