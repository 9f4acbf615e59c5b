//! Nothing that changes is registered as an action that looks.
use nixi_core::{ActionName, Change, Plan, PlanCx, Registry, Risk, ToolError, WriteCapability};

struct Reboot;

impl Change for Reboot {
    const NAME: ActionName = ActionName::new("system", "reboot");
    const ABOUT: &'static str = "reboots";
    const CAPABILITY: WriteCapability = WriteCapability::System;
    const RISK: Risk = Risk::Destructive;
    type Args = ();
    async fn plan(&self, _: &PlanCx<'_>, (): ()) -> Result<Plan, ToolError> {
        Ok(Plan::new("reboot", Risk::Destructive))
    }
}

fn main() {
    let _ = Registry::new().inspect(Reboot);
}
