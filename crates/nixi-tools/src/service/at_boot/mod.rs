//! Starting units at boot, or no more: on NixOS that is declared, for `systemctl enable` cannot write there.

mod found;
mod links;
mod unit;

use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, Undo,
    WriteCapability,
};
use serde_json::json;

use self::found::Found;
use self::unit::Unit;
use super::lifecycle::{ServiceTargets, qualified};
use super::show::no_template;
use crate::nix::Expr;
use crate::nixos::ground::{Ground, apply_all};
use crate::targets::{Target, Targets};

/// An action that has units start at boot, or not.
pub struct AtBoot(Direction);

/// `service.enable`: declares that services start at boot.
pub const ENABLE: AtBoot = AtBoot(Direction::Enable);
/// `service.disable`: declares that services do not start at boot.
pub const DISABLE: AtBoot = AtBoot(Direction::Disable);

/// What is to become of a unit at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Enable,
    Disable,
}

impl Direction {
    fn action(self) -> ActionName {
        ActionName::new("service", if self == Self::Enable { "enable" } else { "disable" })
    }

    fn opposite(self) -> Self {
        if self == Self::Enable { Self::Disable } else { Self::Enable }
    }

    /// Why nothing has to be done with a unit.
    fn done(self) -> &'static str {
        if self == Self::Enable { "started at boot already" } else { "not started at boot" }
    }
}

impl Change for AtBoot {
    type Args = ServiceTargets;

    fn card(&self) -> ChangeCard {
        let about = match self.0 {
            Direction::Enable => "start services at boot",
            Direction::Disable => "start services at boot no more",
        };
        ChangeCard::new(self.0.action(), about, WriteCapability::Services, Risk::Routine)
            .example(json!({"names": ["nginx"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: ServiceTargets) -> Result<Plan, ToolError> {
        let Self(direction) = *self;
        let (action, node) = (direction.action(), cx.node());
        let names = qualified(&args.names)?;
        no_template(&names)?;
        let ground = Ground::of(cx).await?;
        let (statuses, found) = Found::of(cx, direction, &names).await?;
        let before = ground.module()?;
        let mut module = before.clone();
        apply_all(&mut module, cx.declared().module())?;
        let mut asked = Vec::new();
        for status in statuses {
            let unit = Unit::of(status)?;
            unit.check(cx, &found.links)?;
            let edits = match direction {
                Direction::Enable => unit.enabling(&before, &module, &found.links)?,
                Direction::Disable => unit.disabling(cx, &before, &module, &found.links)?,
            };
            apply_all(&mut module, &edits)?;
            asked.push(Asked { unit, edits });
        }
        let targets = Targets::of(asked, |asked| asked.edits.is_empty().then_some(direction.done()));
        if let Some(nothing) = targets.nothing_to_do(action, node) {
            return Ok(nothing);
        }
        ground.check(cx, &module)?;
        let mut plan = Plan::new(targets.summary(action, node), Risk::Routine, undo(cx, direction, &targets));
        for Asked { unit, edits } in &targets.acted {
            if let Some(why) = found.danger(unit) {
                plan = plan.at_least(Risk::Destructive).warn(why);
            }
            let warnings = match direction {
                Direction::Enable => found.once_enabled(unit),
                Direction::Disable => found.once_disabled(unit, edits),
            };
            for warning in warnings {
                plan = plan.warn(warning);
            }
            plan = edits.iter().cloned().fold(plan, Plan::declare);
        }
        Ok(plan)
    }
}

struct Asked {
    unit: Unit,
    edits: Vec<ModuleEdit>,
}

impl Target for Asked {
    const NOUN: &'static str = "unit";

    fn word(&self) -> &str {
        self.unit.id()
    }

    fn key(&self) -> &str {
        self.unit.id()
    }
}

fn undo(cx: &PlanCx<'_>, direction: Direction, targets: &Targets<Asked>) -> Undo {
    let node = cx.node();
    let switch_of = |asked: &Asked| asked.unit.switch_unset_by(&asked.edits);
    let back = targets.call(direction.opposite().action(), node, |asked| switch_of(asked).is_none());
    let set = |option: String| {
        CallRequest::new("nixos.edit")
            .on(node.name().as_str())
            .with("option", option)
            .with("value", Expr::bool(true).to_string())
    };
    let switches = targets.acted.iter().filter_map(switch_of).map(set);
    Undo::Calls(back.into_iter().chain(switches).collect())
}
