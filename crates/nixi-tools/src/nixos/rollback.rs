//! `nixos.rollback`

use nixi_core::catalog::nixos;
use nixi_core::command::StorePath;
use nixi_core::{
    ActionName, BadWord, CallRequest, Change, ChangeCard, Command, NewWay, Plan, PlanCx, Read, Risk,
    ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::difference::Difference;
use super::generation::{Generation, generations};
use super::generations::{boot_default, first_path};
use super::switch::Switch;
use crate::reading::unreadable;
use crate::rows::Sifted;

/// Goes back to a system that a node has kept.
pub struct Rollback;

/// Parameters of `nixos.rollback`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackArgs {
    /// Number; else the one before the one that boots next
    pub generation: Option<u64>,
}

impl Change for Rollback {
    type Args = RollbackArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "rollback"),
            "go back to a generation",
            WriteCapability::NixosConfig,
            Risk::Destructive,
        )
        .example(json!({"generation": 1}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: RollbackArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let [links, boot, running] = cx
            .pin_all([
                (format!("{node}: the same generations"), nixos::generations()),
                (format!("{node}: the same generation boots next"), nixos::boot_default()),
                (format!("{node}: the same system runs"), nixos::running()),
            ])
            .await;
        let ((links, same), (boot, boots), (running, runs)) = (links?, boot?, running?);
        let told = |command: Command<Read>, why: String| unreadable(&command.to_string(), &why);
        let next = boot_default(&boot).map_err(|why| told(nixos::boot_default(), why))?;
        let running = first_path(&running).map_err(|why| told(nixos::running(), why))?;
        let Sifted { rows, .. } =
            generations(&links, Some(next), Some(&running)).map_err(|why| told(nixos::generations(), why))?;
        let target = chosen(&rows, args.generation, next, node.as_str())?;
        let number = target.number;
        let (new, old) = (store_path(&target.path)?, store_path(&running)?);
        let boots_next = number == next;
        let booting = rows.iter().find(|row| row.number == next).and_then(|row| row.path.parse().ok());
        if new == old && boots_next {
            return Ok(Plan::nothing(format!(
                "nothing to go back to on {node}: generation {number} runs and boots next"
            )));
        }
        let version = target.nixos_version.as_ref().map(|version| format!(" (NixOS {version})"));
        let summary = format!("go to generation {number}{} on {node}", version.unwrap_or_default());
        let ran = rows.iter().any(|row| row.number == next && row.path == running);
        let undo = match ran {
            true => {
                let back = CallRequest::new("nixos.rollback").on(node.as_str()).with("generation", next);
                Undo::Calls(vec![back])
            }
            false => Undo::cannot(format!("generation {next} was to boot next, and did not run")),
        };
        let plan = Plan::new(summary, Risk::Destructive, undo).expect(same).expect(boots).expect(runs);
        let mut plan = plan;
        let mut notes = Vec::new();
        if new != old {
            let difference = Difference::of(cx, &old, &new).await?;
            notes = difference.lines();
            if difference.needs_reboot {
                plan = plan.warn("a reboot is needed for the other kernel");
            }
        }
        let switch = Switch {
            way: NewWay::default(),
            new,
            old,
            generation: Some(number),
            booting,
            guard: cx.settings().guard,
            then: Vec::new(),
            notes,
        };
        Ok(switch.add_to(plan))
    }
}

/// The generation that was asked for; else the one before the one that boots next.
fn chosen<'a>(
    rows: &'a [Generation],
    asked: Option<u64>,
    next: u64,
    node: &str,
) -> Result<&'a Generation, ToolError> {
    let numbers = || {
        let numbers: Vec<String> = rows.iter().map(|row| row.number.to_string()).collect();
        format!("it has {}", numbers.join(", "))
    };
    match asked {
        Some(number) => rows.iter().find(|row| row.number == number).ok_or_else(|| ToolError::NotFound {
            message: format!("{node} has no generation {number}"),
            hint: Some(numbers()),
        }),
        None => rows.iter().find(|row| row.number < next).ok_or_else(|| ToolError::NotFound {
            message: format!("{node} has no generation before {next}, which boots next"),
            hint: Some(numbers()),
        }),
    }
}

pub(super) fn store_path(text: &str) -> Result<StorePath, ToolError> {
    text.parse().map_err(|error: BadWord| ToolError::BadArgument { message: error.to_string(), hint: None })
}
