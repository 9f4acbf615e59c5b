//! `service.start`

use nixi_core::{ActionName, Change, Plan, PlanCx, Risk, ToolError, WriteCapability};

use super::lifecycle::{Deed, ServiceTargets, plan};

/// Starts services that are not active.
pub struct Start;

impl Change for Start {
    const NAME: ActionName = ActionName::new("service", "start");
    const ABOUT: &'static str = "start services";
    const CAPABILITY: WriteCapability = WriteCapability::Services;
    const RISK: Risk = Risk::Routine;
    type Args = ServiceTargets;

    async fn plan(&self, cx: &PlanCx<'_>, args: ServiceTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, Deed::Start, Self::RISK).await
    }
}
