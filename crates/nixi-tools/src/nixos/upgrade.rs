//! `nixos.upgrade`

use nixi_core::catalog::{channel, file};
use nixi_core::{
    ActionName, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, Undo, WriteCapability,
};

use super::channel::number_of;
use super::channel_update::back_to;
use super::place::path;
use super::rebuild::way_back;
use crate::NoArgs;
use crate::reading::whole_of;

/// Builds what is declared of the newest that the channel or the flake's inputs hold, and switches to it.
pub struct Upgrade;

impl Change for Upgrade {
    type Args = NoArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "upgrade"),
            "update the channel or flake inputs, build and switch",
            WriteCapability::NixosConfig,
            Risk::Destructive,
        )
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: NoArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let [flake, channels] =
            cx.gather([file::real(&path("/etc/nixos/flake.nix")?), channel::current()]).await;
        let is_flake = whole_of(flake)?.exit.is_success();
        let generation = number_of(&String::from_utf8_lossy(&whole_of(channels)?.stdout));
        let undo = match way_back(cx).await {
            Ok(back) => {
                let channels = generation.filter(|_| !is_flake).map(|number| back_to(node.as_str(), number));
                Undo::Calls([back].into_iter().chain(channels).collect())
            }
            Err(why) => Undo::cannot(why),
        };
        let plan = Plan::new(format!("upgrade {node}"), Risk::Destructive, undo);
        let plan = match is_flake {
            true => {
                plan.warn("an undo goes back to the former system, and leaves the newer flake.lock as it is")
            }
            false => plan,
        };
        Ok(plan.declare(ModuleEdit::Upgrade))
    }
}
