//! A change cannot claim a row of the table that monitored nodes grant.
use nixi_core::{ActionName, Change, ChangeCard, Plan, PlanCx, ReadCapability, Risk, ToolError, Undo};

struct Reboot;

impl Change for Reboot {
    type Args = ();

    fn card(&self) -> ChangeCard {
        ChangeCard::new(ActionName::new("system", "reboot"), "reboots", ReadCapability::SystemStatus, Risk::Destructive)
    }

    async fn plan(&self, _: &PlanCx<'_>, (): ()) -> Result<Plan, ToolError> {
        Ok(Plan::new("reboot", Risk::Destructive, Undo::cannot("a trial")))
    }
}

fn main() {}
