//! `system.reboot`

use nixi_core::catalog::nixos;
use nixi_core::{
    ActionName, Change, ChangeCard, Plan, PlanCx, Power, Risk, ToolError, Undo, WriteCapability,
};

use super::power::not_here;
use crate::NoArgs;
use crate::reading::whole_of;

/// Boots a node anew.
pub struct Reboot;

impl Change for Reboot {
    type Args = NoArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("system", "reboot"),
            "reboot, and wait until it is back",
            WriteCapability::System,
            Risk::Destructive,
        )
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: NoArgs) -> Result<Plan, ToolError> {
        not_here(cx)?;
        let node = cx.node().name();
        let [running, profile] = cx.gather([nixos::running(), nixos::profile()]).await;
        let first = |text: &[u8]| String::from_utf8_lossy(text).lines().next().map(str::to_owned);
        let (running, profile) = (whole_of(running)?, whole_of(profile)?);
        let plan = Plan::new(
            format!("reboot {node}"),
            Risk::Destructive,
            Undo::cannot("what ran before the reboot has ended"),
        );
        let is_other = running.exit.is_success()
            && profile.exit.is_success()
            && first(&running.stdout) != first(&profile.stdout);
        let plan = match is_other {
            true => plan.warn(format!("{node} boots another system than the one that runs")),
            false => plan,
        };
        Ok(plan.step(Power::Reboot))
    }
}
