//! The plan that has a system run which was built.

use nixi_core::config::{ConfigEdit, OldNode};
use nixi_core::plan::Progress;
use nixi_core::{NewWay, Plan, PlanCx, Risk, Step, ToolError, Undo};

use super::build::{Before, Built};
use super::difference::Difference;
use super::ground::{Ground, pinned};
use super::newer::Newer;
use super::switch::{Switch, Then};
use super::way_in::Outlook;

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
        if !built.evaluated.switchable {
            return Err(ToolError::BadArgument {
                message: format!(
                    "the new system of {node} has nothing to switch with (system.switch.enable = false)"
                ),
                hint: Some("rebuild it the way it is deployed".to_owned()),
            });
        }
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
        if let Some(in_flight) = &ground.in_flight {
            plan = plan.warn(in_flight.warning(node));
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
        let mut way = NewWay::default();
        if !runs {
            let evaluated = unedited.map(|unedited| &unedited.evaluated);
            let outlook = Outlook::of(cx, evaluated, &built.evaluated).await?;
            for obstacle in outlook.obstacles {
                let warning = format!("this would cut Nixi off: {obstacle}");
                plan = plan.warn(warning).at_least(Risk::Destructive);
            }
            way = outlook.way;
            let difference = Difference::of(cx, &ground.running, &system).await?;
            notes.extend(difference.lines());
            if difference.needs_reboot {
                plan = plan.warn("a reboot is needed for the new kernel");
            }
        }
        let (plan, follows) = following(cx, plan, &way);
        let switch = Switch {
            way,
            new: system,
            old: ground.running.clone(),
            generation: None,
            booting: ground.boots_next.clone(),
            guard: cx.settings().guard,
            then,
            notes,
        };
        cx.stage().tell(Progress::phase("planned"));
        // What is declared of the node follows last: until then, all may be taken back.
        Ok(follows.into_iter().fold(switch.add_to(plan), Plan::step))
    }
}

/// What of Nixi's own configuration follows the node to where it is reached after the switch, and what a person is told of it.
fn following(cx: &PlanCx<'_>, plan: Plan, way: &NewWay) -> (Plan, Vec<Step>) {
    let node = cx.node();
    if way.is_the_same() {
        return (plan, Vec::new());
    }
    let plan = plan
        .warn(format!(
            "the way in changes: {} will be reached as {}, over which Nixi confirms the switch",
            node.name(),
            way.words(node)
        ))
        .at_least(Risk::Destructive)
        .for_good("it would change the way in back: change what is declared, and rebuild");
    if let Some(file) = cx.fleet().declared_by_nixos(node.name()) {
        let file = file.display();
        let warning =
            format!("{} is declared in {file}, which NixOS writes: change {way} there as well", node.name());
        return (plan.warn(warning), Vec::new());
    }
    let old = OldNode::of(node).map(|old| Step::Config(ConfigEdit::MoveNode(old, way.clone())));
    (plan, old.into_iter().collect())
}
