//! The plan that has a system run which was built.

use nixi_core::{Plan, PlanCx, Risk, ToolError, Undo};

use super::build::{Before, Built};
use super::difference::Difference;
use super::ground::{Ground, pinned};
use super::newer::Newer;
use super::switch::{Switch, Then};
use super::way_in;

/// A system that was built, and what belongs to it.
pub(super) struct Proposal<'a> {
    pub(super) ground: &'a Ground,
    pub(super) before: Before,
    /// What is newer of what it is built of.
    pub(super) newer: Option<&'a Newer>,
    pub(super) built: Built,
    /// What is done once the system has proved itself.
    pub(super) then: Vec<Then>,
}

impl Proposal<'_> {
    /// What it takes, and what a person should know of it; no steps where it runs and boots already.
    pub(super) async fn plan(self, cx: &PlanCx<'_>) -> Result<Plan, ToolError> {
        let Self { ground, before, newer, built, then } = self;
        let (node, system) = (cx.node().name(), built.system);
        let runs = system == ground.running;
        let boots_next = Some(&system) == ground.boots_next.as_ref();
        if runs && boots_next && then.is_empty() {
            return Ok(Plan::nothing(format!("nothing to rebuild on {node}: what is declared runs already")));
        }
        let mut plan = Plan::new(format!("rebuild {node}"), Risk::Routine, Undo::Calls(Vec::new()));
        for expectation in pinned(cx, ground, ground.entry(cx)?).await? {
            plan = plan.expect(expectation);
        }
        for expectation in newer.iter().flat_map(|newer| &newer.expectations) {
            plan = plan.expect(expectation.clone());
        }
        for warning in built.warnings {
            plan = plan.warn(warning);
        }
        let unedited = match &before {
            Before::Same => None,
            Before::Broken => {
                plan = plan
                    .warn("what is declared without this cannot be evaluated")
                    .at_least(Risk::Destructive);
                None
            }
            Before::Other(unedited) => Some(unedited),
        };
        if let Some(declared) = unedited.and_then(|unedited| unedited.system.as_ref()) {
            if *declared != ground.running {
                let what = "what is declared is not what runs: this brings more than was asked for";
                plan = plan.warn(what).at_least(Risk::Destructive);
            }
            if *declared == system {
                plan = plan.warn(match newer {
                    None => {
                        "the system stays as it is: what is added is declared already, or this host does not import nixi.nix"
                    }
                    Some(_) => "the system stays as it is: nothing in it changes with what is newer",
                });
            }
        }
        let mut notes = newer.map(|newer| newer.notes.clone()).unwrap_or_default();
        if !runs {
            let evaluated = unedited.map(|unedited| &unedited.evaluated);
            for obstacle in way_in::obstacles(cx, evaluated, &built.evaluated).await? {
                let warning = format!("this would cut Nixi off: {obstacle}");
                plan = plan.warn(warning).at_least(Risk::Destructive);
            }
            let difference = Difference::of(cx, &ground.running, &system).await?;
            notes.extend(difference.lines());
            if difference.needs_reboot {
                plan = plan.warn("a reboot is needed for the new kernel");
            }
        }
        let switch = Switch {
            new: system,
            old: ground.running.clone(),
            generation: None,
            booting: ground.boots_next.clone(),
            guard: cx.settings().guard,
            then,
            notes,
        };
        Ok(switch.add_to(plan))
    }
}
