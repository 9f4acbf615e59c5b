//! `service.stop`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{Deed, ServiceTargets, plan};

/// Stops services that are active.
pub struct Stop;

impl Change for Stop {
    const NAME: ActionName = ActionName::new("service", "stop");
    const ABOUT: &'static str = "stop services";
    const CAPABILITY: WriteCapability = WriteCapability::Services;
    const RISK: Risk = Risk::Routine;
    type Args = ServiceTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ServiceTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Stop, Self::RISK).await
    }
}
