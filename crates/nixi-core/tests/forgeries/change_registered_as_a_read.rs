//! Nothing that changes is registered as an action that looks.
use nixi_core::{ActionName, Change, ChangeCard, Plan, PlanCx, Registry, Risk, ToolError, Undo, WriteCapability};

struct Reboot;

impl Change for Reboot {
    type Args = ();

    fn card(&self) -> ChangeCard {
        ChangeCard::new(ActionName::new("system", "reboot"), "reboots", WriteCapability::System, Risk::Destructive)
    }

    async fn plan(&self, _: &PlanCx<'_>, (): ()) -> Result<Plan, ToolError> {
        Ok(Plan::new("reboot", Risk::Destructive, Undo::cannot("a trial")))
    }
}

fn main() {
    let _ = Registry::new().inspect(Reboot);
}
