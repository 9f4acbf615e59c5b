//! A change cannot claim a row of the table that monitored nodes grant.
use nixi_core::{ActionName, Change, Plan, PlanCx, ReadCapability, Risk, ToolError};

struct Reboot;

impl Change for Reboot {
    const NAME: ActionName = ActionName::new("system", "reboot");
    const ABOUT: &'static str = "reboots";
    const CAPABILITY: ReadCapability = ReadCapability::SystemStatus;
    const RISK: Risk = Risk::Destructive;
    type Args = ();
    async fn plan(&self, _: &PlanCx<'_>, (): ()) -> Result<Plan, ToolError> {
        Ok(Plan::new("reboot", Risk::Destructive))
    }
}

fn main() {}
