//! What holds for both ways of going down.

use nixi_core::{PlanCx, ToolError};

/// Refuses the controller: nobody would be left to wait for it.
pub(super) fn not_here(cx: &PlanCx<'_>) -> Result<(), ToolError> {
    match cx.node().ssh() {
        Some(_) => Ok(()),
        None => Err(ToolError::BadArgument {
            message: "Nixi runs on this machine, and would go down with it".to_owned(),
            hint: Some("use systemctl reboot or systemctl poweroff".to_owned()),
        }),
    }
}
