//! `container.restart`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{ContainerTargets, Deed, plan};

/// Stops and starts containers.
pub struct Restart;

impl Change for Restart {
    const NAME: ActionName = ActionName::new("container", "restart");
    const ABOUT: &'static str = "restart containers by names, or all";
    const CAPABILITY: WriteCapability = WriteCapability::Containers;
    const RISK: Risk = Risk::Routine;
    type Args = ContainerTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ContainerTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Restart, Self::RISK).await
    }
}
