//! What start, stop, restart and remove have in common.

use std::time::Duration;

use nixi_core::catalog::container;
use nixi_core::command::{ContainerCli, ContainerId, ContainerName};
use nixi_core::word::BadWord;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, Declared, EndState, Expectation, Node, Plan,
    PlanCx, Risk, Settle, Thing, ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deploy::{has_secrets, left_behind, secrets_of};
use super::identity::{identities, removed, short, shown};
use super::ps::Container;
use super::{list, lookup, store};
use crate::reading::{parsed, unreadable};
use crate::rows::Sifted;
use crate::targets::{Meant, Target, Targets, each_once};

/// Parameters of the actions that change containers: `names`, or `all`, and never both.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerTargets {
    /// Which ones
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub names: Vec<ContainerName>,
    /// All, in place of names
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// How long an end is waited for: a container alone has a grace period of 10 s, or whatever it was made with.
const PATIENCE: Duration = Duration::from_secs(600);

/// An action that does one thing to some containers, such as stopping them.
pub struct Lifecycle(pub(super) Operation);

/// What is done, as a value: the file of each action has its own.
pub(super) struct Operation {
    /// The word for it, which is the action's name too.
    pub(super) word: &'static str,
    /// What it does, in one line.
    pub(super) about: &'static str,
    /// The least risk of it.
    pub(super) risk: Risk,
    /// The runtimes' word for it.
    pub(super) command: &'static str,
    /// What stands between that and the container.
    pub(super) options: &'static [&'static str],
    /// How it is run.
    pub(super) way: Way,
    /// How it leaves a container.
    pub(super) end_state: EndState,
    /// How it is taken back.
    pub(super) undo: Back,
    /// Why nothing has to be done with a container.
    pub(super) needless: fn(&Container) -> Option<&'static str>,
    /// Why it cannot be done to a container, and by which action it can be had instead.
    pub(super) hindrance: fn(&Container) -> Option<(&'static str, &'static str)>,
    /// What a person should know before saying yes, and the risk of it.
    pub(super) warnings: fn(&Chosen<'_>) -> Vec<(Risk, String)>,
}

impl Operation {
    fn action(&self) -> ActionName {
        ActionName::new("container", self.word)
    }
}

/// How a operation is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// By this action on the same containers.
    By(&'static str),
    /// Not at all, for this reason.
    Cannot(&'static str),
}

/// How the runtime is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Directly, since the container would end with the unit that started it; then it is waited for.
    Starting,
    /// The same for what runs already and ends on the way there.
    Restarting,
    /// As a unit of the node; the container ends, and the runtime itself may remove it over that.
    Ending,
    /// As a unit of the node, and no more than that.
    AsUnit,
}

impl Way {
    fn is_waited_for(self) -> bool {
        matches!(self, Self::Starting | Self::Restarting)
    }

    fn ends_it(self) -> bool {
        matches!(self, Self::Restarting | Self::Ending)
    }
}

impl Change for Lifecycle {
    type Args = ContainerTargets;

    fn card(&self) -> ChangeCard {
        let Self(operation) = self;
        ChangeCard::new(operation.action(), operation.about, WriteCapability::Containers, operation.risk)
            .example(json!({"names": ["web"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: ContainerTargets) -> Result<Plan, ToolError> {
        plan(cx, &args, &self.0).await
    }
}

/// The unit that runs a container brings it back.
pub(super) fn comes_back(Chosen { container, name }: &Chosen<'_>) -> Option<(Risk, String)> {
    let unit = container.unit.as_ref()?;
    let warning = format!("{unit} runs {name} and may bring it back: to end it, stop the unit");
    Some((Risk::Routine, warning))
}

/// A container and the word for it: what is shown, and what its identity is asked for by.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Chosen<'a> {
    pub(super) container: &'a Container,
    pub(super) name: &'a str,
}

/// By its id, since another one under an old name is not what was changed.
impl Target for Chosen<'_> {
    const NOUN: &'static str = "container";

    fn word(&self) -> &str {
        self.name
    }

    fn key(&self) -> &str {
        self.container.id.as_str()
    }
}

impl<'a> Chosen<'a> {
    /// The word is its name if that is one and stands for it alone, else the first digits of its id.
    fn of(container: &'a Container, there: &[Container]) -> Self {
        let is_alone = there.iter().filter(|other| other.name == container.name).count() == 1;
        let id = short(&container.id);
        Self { container, name: if is_alone { shown(&container.id, &container.name) } else { id } }
    }

    /// The word in a read.
    fn operand(&self) -> Result<ContainerName, BadWord> {
        let Self { container, name } = self;
        if *name == container.name { name.parse() } else { container.id.as_str().parse() }
    }
}

/// Expands the names to ids, and plans for each container by itself.
async fn plan(cx: &PlanCx<'_>, args: &ContainerTargets, operation: &Operation) -> Result<Plan, ToolError> {
    let meant = Meant::by(&args.names, args.all)?;
    let (action, node) = (operation.action(), cx.node());
    let ground = store::ground(cx).await;
    let cli = ground.cli;
    let there = after(cx.declared(), list::all(cx, ground).await?);
    let chosen = choose(cx, cli, &meant, &there)?;
    let hindrance = |chosen: &Chosen<'_>| (operation.hindrance)(chosen.container);
    let hindered = chosen.iter().find_map(|chosen| Some((chosen.name, hindrance(chosen)?)));
    // One that is named is meant; where all are meant, it keeps no other from it.
    if let (Meant::Named(_), Some((name, why))) = (&meant, hindered) {
        return Err(cannot(operation, name, node, why));
    }
    let targets = Targets::of(chosen, |chosen| {
        (operation.needless)(chosen.container).or_else(|| hindrance(chosen).map(|(why, _)| why))
    });
    if let Some(nothing) = targets.nothing_to_do(action, node) {
        return Ok(nothing);
    }
    let mut summary = targets.summary(action, node);
    if operation.way.is_waited_for() {
        summary.push_str(targets.waiting());
    }
    let pinned = pin(cx, cli, &targets).await?;
    let removed = removed_when_stopped(cx, cli, operation.way, &targets.acted).await?;
    let secrets = secrets_of_removed(cx, cli, operation.end_state, &targets.acted).await?;
    let undo = match operation.undo {
        Back::Cannot(why) => Undo::cannot(why),
        Back::By(_) if !removed.is_empty() => {
            Undo::cannot("what was made to be removed when it stops is gone")
        }
        Back::By(word) => {
            let back = targets.call(ActionName::new("container", word), node, |_| true);
            // What was paused is to be paused again.
            let was_paused = |chosen: &Chosen<'_>| operation.way.ends_it() && chosen.container.is_paused();
            let pause = targets.call(ActionName::new("container", "pause"), node, was_paused);
            Undo::Calls(back.into_iter().chain(pause).collect())
        }
    };
    let plan = Plan::new(summary, operation.risk, undo).expect(pinned);
    let plan = left_of(&targets.acted, operation.end_state, &there.rows)
        .fold(plan, |plan, left| plan.warn(left_behind(left, node.name())));
    let plan = steps(plan, cli, operation, &targets, &removed);
    if secrets.is_empty() {
        return Ok(plan);
    }
    let remove = Command::<Write>::new(cli.program()).args(cli.words_of("secret", "rm"));
    Ok(plan.step(remove.arg("--").args(secrets).elevated()))
}

/// The error for one that this cannot be done to.
fn cannot(operation: &Operation, name: &str, node: &Node, (why, instead): (&str, &'static str)) -> ToolError {
    let call = CallRequest::new(ActionName::new("container", instead).to_string());
    let call = call.on(node.name().as_str()).with("names", vec![name]);
    ToolError::BadArgument {
        message: format!("cannot {} {name} on {}: it is {why}", operation.word, node.name()),
        hint: Some(format!("use `{}` instead", call.typed())),
    }
}

/// With one step for each container, so that each is reported by itself, and what goes before and behind those.
fn steps(
    mut plan: Plan,
    cli: ContainerCli,
    operation: &Operation,
    targets: &Targets<Chosen<'_>>,
    removed: &[ContainerId],
) -> Plan {
    let run = |command: &str, options: &[&'static str], id: &ContainerId| {
        let words = Command::<Write>::new(cli.program()).args(cli.words(command));
        words.args(options.iter().copied()).arg(id.as_str())
    };
    // Podman neither stops nor restarts one that is paused; Docker lets it go by itself.
    let has_to_be_let_go = match cli {
        ContainerCli::Podman | ContainerCli::Shim => operation.way.ends_it(),
        ContainerCli::Docker => false,
    };
    let is_let_go = |chosen: &&Chosen<'_>| has_to_be_let_go && chosen.container.is_paused();
    let paused: Vec<&Chosen<'_>> = targets.acted.iter().filter(is_let_go).collect();
    for chosen in &paused {
        let why = format!("{} is paused: it runs for a moment before it ends", chosen.name);
        plan = plan.warn(why).step(run("unpause", &["--"], &chosen.container.id).lasting(PATIENCE));
    }
    for chosen in &targets.acted {
        let (id, is_removed) = (&chosen.container.id, removed.contains(&chosen.container.id));
        let own = is_removed.then(|| {
            let what =
                format!("{} was made to be removed when it stops, with its unnamed volumes", chosen.name);
            (Risk::Destructive, what)
        });
        for (risk, warning) in own.into_iter().chain((operation.warnings)(chosen)) {
            plan = plan.at_least(risk).warn(warning);
        }
        let end_state =
            if is_removed && operation.way == Way::Ending { EndState::Gone } else { operation.end_state };
        let command = run(operation.command, operation.options, id);
        plan = plan.leaves(Thing::Container(id.clone()), end_state);
        plan = match operation.way {
            Way::Starting | Way::Restarting => plan.step(command.elevated()),
            Way::Ending | Way::AsUnit => plan.step(command.lasting(PATIENCE)),
        };
    }
    if !operation.way.is_waited_for() {
        return plan;
    }
    targets.waited_for(plan, |at, chosen| {
        Settle::container(cli, &chosen.container.id, chosen.name, paused.len() + at)
    })
}

/// The containers as they will be once earlier changes of the same request are done.
fn after(declared: &Declared, mut there: Sifted<Container>) -> Sifted<Container> {
    there.rows.retain_mut(|container| {
        match declared.end_state(&Thing::Container(container.id.clone())) {
            None => {}
            Some(EndState::Gone) => return false,
            Some(EndState::Is(state)) => state.clone_into(&mut container.state),
        }
        true
    });
    there
}

/// Which of them the runtime itself removes over this.
async fn removed_when_stopped(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    way: Way,
    acted: &[Chosen<'_>],
) -> Result<Vec<ContainerId>, ToolError> {
    if !way.ends_it() {
        return Ok(Vec::new());
    }
    let told = |says| acted.iter().filter(move |chosen| chosen.container.auto_remove == says);
    let mut known: Vec<ContainerId> = told(Some(true)).map(|chosen| chosen.container.id.clone()).collect();
    let unknown: Result<Vec<ContainerName>, BadWord> =
        told(None).map(|chosen| chosen.container.id.as_str().parse()).collect();
    let unknown = unknown.map_err(|why| unreadable(&container::list(cli).to_string(), &why.to_string()))?;
    if !unknown.is_empty() {
        known.extend(parsed(cx, container::removals(cli, &unknown), removed).await?);
    }
    Ok(known)
}

/// What interrupted updates of the containers that are removed left behind, and what stays.
fn left_of<'a>(
    acted: &'a [Chosen<'a>],
    end_state: EndState,
    there: &'a [Container],
) -> impl Iterator<Item = &'a Container> {
    let stays = |row: &&Container| !acted.iter().any(|chosen| chosen.container.id == row.id);
    let is_left = move |row: &&Container| acted.iter().any(|chosen| row.is_left_of(&chosen.container.name));
    there.iter().filter(move |_| end_state == EndState::Gone).filter(is_left).filter(stays)
}

/// The secrets that were handed to containers which are removed: they go with them.
async fn secrets_of_removed(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    end_state: EndState,
    acted: &[Chosen<'_>],
) -> Result<Vec<String>, ToolError> {
    let has_some = acted.iter().any(|chosen| chosen.container.has_secrets);
    if end_state != EndState::Gone || !has_secrets(cli) || !has_some {
        return Ok(Vec::new());
    }
    let names = cx.stdout(container::secrets(cli)).await?;
    let of = |chosen: &Chosen<'_>| chosen.container.name.parse().map(|name| secrets_of(&name, &names));
    Ok(acted.iter().flat_map(|chosen| of(chosen).unwrap_or_default()).collect())
}

/// The chosen containers, each once, in the order of the names.
fn choose<'a>(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    meant: &Meant<'_, ContainerName>,
    there: &'a Sifted<Container>,
) -> Result<Vec<Chosen<'a>>, ToolError> {
    let rows = &there.rows;
    let names = match (meant, there.left_out.first()) {
        (Meant::Named(names), _) => names,
        (Meant::All, Some(odd)) => {
            return Err(lookup::not_all(cli, "all are meant, and not all can be read", odd));
        }
        (Meant::All, None) => {
            return Ok(rows.iter().map(|container| Chosen::of(container, rows)).collect());
        }
    };
    let find = |name: &ContainerName| match lookup::find(rows, name).as_slice() {
        [] => Ok(None),
        [container] => Ok(Some(Chosen::of(container, rows))),
        several => Err(lookup::ambiguous(cx.node(), name, several)),
    };
    let (chosen, missing) = each_once(names, find)?;
    if missing.is_empty() { Ok(chosen) } else { Err(lookup::not_found(cx, cli, &missing, there)) }
}

/// Pins which containers the names stand for.
async fn pin(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    targets: &Targets<Chosen<'_>>,
) -> Result<Expectation, ToolError> {
    let pairs: Vec<String> = targets
        .acted
        .iter()
        .map(|Chosen { container, name }| match short(&container.id) {
            id if id == *name => format!("{id} is there"),
            id => format!("{name} is {id}"),
        })
        .collect();
    let words: Result<Vec<ContainerName>, BadWord> = targets.acted.iter().map(Chosen::operand).collect();
    let words = words.map_err(|why| unreadable(&container::list(cli).to_string(), &why.to_string()))?;
    let agrees = |printed: &str| {
        let found = identities(printed)?;
        let is_same = |((id, name), chosen): (&(ContainerId, String), &Chosen<'_>)| {
            *id == chosen.container.id && *name == chosen.container.name
        };
        Ok(found.len() == targets.acted.len() && found.iter().zip(&targets.acted).all(is_same))
    };
    targets.pin(cx, pairs.join(", "), container::identities(cli, &words), agrees).await
}
