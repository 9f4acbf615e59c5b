//! `container.remove`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{ContainerTargets, Deed, plan};

/// Removes containers, running or not, and keeps their data.
pub struct Remove;

impl Change for Remove {
    const NAME: ActionName = ActionName::new("container", "remove");
    const ABOUT: &'static str = "remove containers by names, or all; volumes and data stay";
    const CAPABILITY: WriteCapability = WriteCapability::Containers;
    const RISK: Risk = Risk::Destructive;
    type Args = ContainerTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ContainerTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Remove, Self::RISK).await
    }
}
