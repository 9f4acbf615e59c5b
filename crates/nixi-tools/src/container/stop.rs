//! `container.stop`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{ContainerTargets, Deed, plan};

/// Stops containers that run.
pub struct Stop;

impl Change for Stop {
    const NAME: ActionName = ActionName::new("container", "stop");
    const ABOUT: &'static str = "stop containers by names, or all";
    const CAPABILITY: WriteCapability = WriteCapability::Containers;
    const RISK: Risk = Risk::Routine;
    type Args = ContainerTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ContainerTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Stop, Self::RISK).await
    }
}
