//! `container.start`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{ContainerTargets, Deed, plan};

/// Starts containers that do not run.
pub struct Start;

impl Change for Start {
    const NAME: ActionName = ActionName::new("container", "start");
    const ABOUT: &'static str = "start containers by names, or all";
    const CAPABILITY: WriteCapability = WriteCapability::Containers;
    const RISK: Risk = Risk::Routine;
    type Args = ContainerTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ContainerTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Start, Self::RISK).await
    }
}
