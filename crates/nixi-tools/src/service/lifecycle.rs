//! What start, stop, restart and reload have in common.

use std::collections::BTreeSet;
use std::time::Duration;

use nixi_core::catalog::service;
use nixi_core::command::UnitName;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, EndState, Node, Plan, PlanCx, Program, ReadAnswer,
    Risk, Settle, Thing, ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lifeline::Surroundings;
use super::show::{UnitStatus, blocks_of_any, no_template, same, states_told};
use crate::reading::parsed_of;
use crate::targets::{Target, Targets};

/// Parameters of the actions that change services.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceTargets {
    /// Which ones; `.service` is implied
    #[schemars(with = "Vec<String>")]
    pub names: Vec<UnitName>,
}

/// The most units that a warning names.
const MOST_NAMED: usize = 8;

/// How long an end is waited for: each unit has its own limits, of 90 s unless it says otherwise.
const PATIENCE: Duration = Duration::from_secs(600);

/// An action that does one thing to some services.
pub struct Lifecycle(Operation);

/// `service.start`: starts services that are not active.
pub const START: Lifecycle = Lifecycle(Operation::Start);
/// `service.stop`: stops services that are active.
pub const STOP: Lifecycle = Lifecycle(Operation::Stop);
/// `service.restart`: stops and starts services.
pub const RESTART: Lifecycle = Lifecycle(Operation::Restart);
/// `service.reload`: has services read their configuration anew.
pub const RELOAD: Lifecycle = Lifecycle(Operation::Reload);

impl Change for Lifecycle {
    type Args = ServiceTargets;

    fn card(&self) -> ChangeCard {
        let Self(operation) = self;
        ChangeCard::new(operation.action(), operation.about(), WriteCapability::Services, Risk::Routine)
            .example(json!({"names": ["nginx"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: ServiceTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, self.0).await
    }
}

/// What to do with services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Start,
    Stop,
    Restart,
    Reload,
}

/// A unit by its full name, as it was asked for, and its state.
#[derive(PartialEq, Eq)]
struct Asked {
    name: UnitName,
    status: UnitStatus,
}

impl Target for Asked {
    const NOUN: &'static str = "unit";

    fn word(&self) -> &str {
        self.name.as_str()
    }

    fn key(&self) -> &str {
        self.name.as_str()
    }
}

impl Operation {
    fn action(self) -> ActionName {
        ActionName::new("service", self.word())
    }

    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Start => "start services",
            Self::Stop => "stop services",
            Self::Restart => "restart services",
            Self::Reload => "have services read their configuration anew",
        }
    }

    /// Why a unit cannot be started, and what would mend that. One that runs can be stopped all the same.
    fn hindrance(self, status: &UnitStatus) -> Option<(&'static str, &'static str)> {
        match (self, status.load.as_str()) {
            (Self::Stop | Self::Reload, _) => None,
            (Self::Start, _) if status.active == "active" => None,
            (_, "masked" | "masked-runtime") => {
                Some(("is masked", "its configuration has to unmask it first"))
            }
            (_, "not-found") => Some((
                "has no unit file any more",
                "it can be stopped; to start it, bring its file back first",
            )),
            (_, "bad-setting" | "error") => Some((
                "has a unit file that systemd cannot load",
                "it can be stopped; `systemctl status` and `systemd-analyze verify` on the node say what is wrong with the file",
            )),
            (Self::Start | Self::Restart, _) => None,
        }
    }

    /// How it leaves a unit.
    fn end_state(self) -> EndState {
        match self {
            Self::Start | Self::Restart | Self::Reload => EndState::Is("active"),
            Self::Stop => EndState::Is("inactive"),
        }
    }

    /// What it took along is not brought back: the plan warns of that.
    fn undo(self, node: &Node, targets: &Targets<Asked>) -> Undo {
        match self {
            Self::Start => targets.undone_by(Self::Stop.action(), node),
            Self::Stop => targets.undone_by(Self::Start.action(), node),
            Self::Restart => Undo::cannot("what ran before the restart has ended"),
            Self::Reload => Undo::cannot("a reload reads the configuration anew"),
        }
    }

    /// What undoing it leaves as it is. systemd itself starts what a restart took along.
    fn left_down(self, along: &BTreeSet<&str>) -> Option<String> {
        let first: Vec<&str> = along.iter().take(MOST_NAMED).copied().collect();
        let more = match along.len() - first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match self {
            Self::Restart | Self::Reload => None,
            Self::Start | Self::Stop if first.is_empty() => None,
            Self::Start | Self::Stop => Some(format!(
                "this also stops {}{more}, which undoing it does not start again",
                first.join(", ")
            )),
        }
    }

    /// Why nothing has to be done with a unit.
    fn needless(self, status: &UnitStatus) -> Option<&'static str> {
        match (self, status.active.as_str()) {
            (Self::Start, "active") => Some("already active"),
            (Self::Stop | Self::Reload, "inactive" | "failed") => Some("not active"),
            (Self::Start | Self::Stop | Self::Restart | Self::Reload, _) => None,
        }
    }
}

/// One step for each unit, so that each is reported by itself.
async fn plan(cx: &PlanCx<'_>, args: &ServiceTargets, operation: Operation) -> Result<Plan, ToolError> {
    let (action, node) = (operation.action(), cx.node());
    let units = qualified(&args.names)?;
    no_template(&units)?;
    let [dependencies, processes] = Surroundings::reads(&units);
    let reads = [service::show(&units), dependencies, processes, service::reloadable(&units)];
    let [shown, dependencies, processes, reloadable] = cx.gather(reads).await;
    let statuses = states_told(cx, &units, shown).await?;
    let around = Surroundings::told(cx, [dependencies, processes])?;
    let mut asked: Vec<Asked> =
        units.into_iter().zip(statuses).map(|(name, status)| Asked { name, status }).collect();
    // As they will be once earlier changes of the same request are done.
    for Asked { status, .. } in &mut asked {
        let active = match cx.declared().end_state(&Thing::Unit(status.unit.clone())) {
            None => continue,
            Some(EndState::Is(active)) => active,
            Some(EndState::Gone) => "inactive",
        };
        active.clone_into(&mut status.active);
    }
    for Asked { status, .. } in &asked {
        if let Some((why, hint)) = operation.hindrance(status) {
            return Err(ToolError::BadArgument {
                message: format!("{} {why} on {}: it cannot be started", status.unit, node.name()),
                hint: Some(hint.to_owned()),
            });
        }
    }
    if operation == Operation::Reload {
        can_reload(cx, &asked, reloadable)?;
    }
    let targets = Targets::of(asked, |asked| operation.needless(&asked.status));
    if let Some(nothing) = targets.nothing_to_do(action, node) {
        return Ok(nothing);
    }
    let is_waited_for = match operation {
        Operation::Start | Operation::Restart => true,
        // systemd waits for the end of a reload itself.
        Operation::Stop | Operation::Reload => false,
    };
    let mut summary = targets.summary(action, node);
    if is_waited_for {
        summary.push_str(targets.waiting());
    }
    let names: Vec<UnitName> = targets.acted.iter().map(|asked| asked.name.clone()).collect();
    let says = format!("{}: there, under the same name", targets.words());
    let agrees = |printed: &str| same(printed, targets.acted.iter().map(|asked| &asked.status));
    let pinned = targets.pin(cx, says, service::identities(&names), agrees).await?;
    let mut plan = Plan::new(summary, Risk::Routine, operation.undo(node, &targets)).expect(pinned);
    for Asked { name, status } in &targets.acted {
        if let Some(why) = around.why(operation, name, status) {
            plan = plan.at_least(Risk::Destructive).warn(why);
        }
        let command =
            Command::<Write>::new(Program::new("systemctl")).args([operation.word(), "--", name.as_str()]);
        plan = plan
            .leaves(Thing::Unit(status.unit.clone()), operation.end_state())
            .step(command.lasting(PATIENCE));
    }
    let units = targets.acted.iter().map(|asked| &asked.status.unit);
    if let Some(left) = operation.left_down(&around.along(operation, units)) {
        plan = plan.warn(left);
    }
    if !is_waited_for {
        return Ok(plan);
    }
    Ok(targets.waited_for(plan, |at, asked| Settle::unit(&asked.name, at)))
}

/// An error that names those of the active units which cannot be reloaded.
fn can_reload(cx: &PlanCx<'_>, asked: &[Asked], answer: ReadAnswer) -> Result<(), ToolError> {
    let printed = parsed_of(answer, |text| Ok(text.to_owned()))?;
    let told = blocks_of_any(&printed);
    let can = |asked: &&Asked| {
        let mut of_it = told.iter().filter(|block| block.get("Id") == Some(asked.status.unit.as_str()));
        of_it.any(|block| block.get("CanReload") == Some("yes"))
    };
    let active = asked.iter().filter(|asked| Operation::Reload.needless(&asked.status).is_none());
    let unable: Vec<&str> = active.filter(|asked| !can(asked)).map(|asked| asked.name.as_str()).collect();
    if unable.is_empty() {
        return Ok(());
    }
    let node = cx.node().name();
    let restart = CallRequest::new(Operation::Restart.action().to_string()).on(node.as_str());
    Err(ToolError::BadArgument {
        message: format!("{} cannot be reloaded on {node}: no ExecReload is set", unable.join(", ")),
        hint: Some(format!("restart instead: {}", restart.with("names", unable).typed())),
    })
}

/// Full names, each once. Targets, slices, mounts and the like are no services: starting `poweroff.target` is not
/// what a person who says "start" is asked about.
pub(super) fn qualified(names: &[UnitName]) -> Result<Vec<UnitName>, ToolError> {
    const KINDS: [&str; 4] = [".service", ".socket", ".timer", ".path"];
    let mut units: Vec<UnitName> = Vec::new();
    for name in names.iter().map(UnitName::qualified) {
        if !KINDS.iter().any(|kind| name.as_str().ends_with(kind)) {
            return Err(ToolError::BadArgument {
                message: format!("{name} is not a service"),
                hint: Some("this acts on services, sockets, timers and paths".to_owned()),
            });
        }
        if !units.contains(&name) {
            units.push(name);
        }
    }
    if units.is_empty() {
        return Err(ToolError::BadArgument { message: "names is empty".to_owned(), hint: None });
    }
    Ok(units)
}
