//! `service.restart`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{Deed, ServiceTargets, plan};

/// Restarts services; one that is not active is started.
pub struct Restart;

impl Change for Restart {
    const NAME: ActionName = ActionName::new("service", "restart");
    const ABOUT: &'static str = "restart services";
    const CAPABILITY: WriteCapability = WriteCapability::Services;
    const RISK: Risk = Risk::Routine;
    type Args = ServiceTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ServiceTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Restart, Self::RISK).await
    }
}
