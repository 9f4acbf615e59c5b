//! `nixos.rebuild`

use nixi_core::catalog::nixos;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, Undo,
    WriteCapability,
};

use super::generations::{boot_default, first_path};
use crate::NoArgs;
use crate::reading::parsed_of;

/// Builds what is declared, and switches to it.
pub struct Rebuild;

impl Change for Rebuild {
    type Args = NoArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "rebuild"),
            "build the configuration and switch to it",
            WriteCapability::NixosConfig,
            Risk::Destructive,
        )
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: NoArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let undo = match way_back(cx).await {
            Ok(back) => Undo::Calls(vec![back]),
            Err(why) => Undo::cannot(why),
        };
        let plan = Plan::new(format!("rebuild {node}"), Risk::Destructive, undo);
        Ok(plan.declare(ModuleEdit::Rebuild))
    }
}

/// The call that goes back to the system that runs; or why there is none.
pub(super) async fn way_back(cx: &PlanCx<'_>) -> Result<CallRequest, &'static str> {
    let [boot, booting, running] =
        cx.gather([nixos::boot_default(), nixos::profile(), nixos::running()]).await;
    let booting = parsed_of(booting, first_path).ok();
    let runs = parsed_of(running, first_path).is_ok_and(|running| Some(running) == booting);
    match parsed_of(boot, boot_default) {
        Ok(_) if !runs => Err("what ran was not the generation that boots next"),
        Ok(number) => {
            Ok(CallRequest::new("nixos.rollback").on(cx.node().name().as_str()).with("generation", number))
        }
        Err(_) => Err("there is no generation to go back to"),
    }
}
