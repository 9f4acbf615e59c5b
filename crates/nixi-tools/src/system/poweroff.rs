//! `system.poweroff`

use nixi_core::{
    ActionName, Change, ChangeCard, Plan, PlanCx, Power, Risk, ToolError, Undo, WriteCapability,
};

use super::power::not_here;
use crate::NoArgs;

/// Switches a node off.
pub struct Poweroff;

impl Change for Poweroff {
    type Args = NoArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("system", "poweroff"),
            "switch off",
            WriteCapability::System,
            Risk::Destructive,
        )
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: NoArgs) -> Result<Plan, ToolError> {
        not_here(cx)?;
        let node = cx.node().name();
        let undo = Undo::cannot("somebody has to switch it on again");
        let plan = Plan::new(format!("switch {node} off"), Risk::Destructive, undo);
        Ok(plan.warn(format!("Nixi cannot switch {node} on again")).step(Power::Off))
    }
}
