//! What start, stop, restart and remove have in common.

use std::time::Duration;

use nixi_core::catalog::container;
use nixi_core::command::{ContainerCli, ContainerId, ContainerName};
use nixi_core::word::BadWord;
use nixi_core::{
    Command, Declared, ErrorKind, ErrorReport, Expectation, Fate, Plan, PlanCx, Risk, Settle, Thing,
    ToolError, Write,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::{identities, removed, short, shown};
use super::ps::Container;
use super::{list, lookup, store};
use crate::reading::{parsed, unreadable};
use crate::rows::Sifted;
use crate::table::count;

/// Parameters of the actions that change containers: `names`, or `all`, and never both.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerTargets {
    /// Which ones
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub names: Vec<ContainerName>,
    /// All there are, in place of names
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// How long an end is waited for: a container alone has a grace period of 10 s, or whatever it was made with.
const PATIENCE: Duration = Duration::from_secs(600);

/// What to do with containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Start,
    Stop,
    Restart,
    Remove,
}

impl Deed {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Remove => "remove",
        }
    }

    /// The runtimes' word for it.
    fn command(self) -> &'static str {
        match self {
            Self::Start | Self::Stop | Self::Restart => self.word(),
            Self::Remove => "rm",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Start | Self::Stop | Self::Restart => &["--"],
            // Without --volumes: data stays.
            Self::Remove => &["--force", "--"],
        }
    }

    /// How it leaves a container.
    fn fate(self) -> Fate {
        match self {
            Self::Start | Self::Restart => Fate::Up,
            Self::Stop => Fate::Down,
            Self::Remove => Fate::Gone,
        }
    }

    /// Why nothing has to be done with a container.
    fn needless(self, container: &Container) -> Option<&'static str> {
        match self {
            Self::Start if container.is_running() => Some("already running"),
            Self::Stop if container.is_stopped() => Some("not running"),
            Self::Start | Self::Stop | Self::Restart | Self::Remove => None,
        }
    }

    /// What a person should know before saying yes, and the risk of it.
    fn warnings(
        self,
        Chosen { container, name }: &Chosen<'_>,
        removed: &[ContainerId],
    ) -> Vec<(Risk, String)> {
        let mut warnings = Vec::new();
        if self == Self::Remove && container.is_running() {
            warnings.push((Risk::Destructive, format!("{name} is running and will be killed")));
        }
        if removed.contains(&container.id) {
            warnings.push((
                Risk::Destructive,
                format!("{name} was made to be removed when it stops, with its unnamed volumes"),
            ));
        }
        if let (Self::Stop | Self::Remove, Some(unit)) = (self, &container.unit) {
            warnings.push((
                Risk::Routine,
                format!("{unit} runs {name} and may bring it back: to end it, stop the unit"),
            ));
        }
        warnings
    }
}

/// A container and the word for it: what is shown, and what its identity is asked for by.
#[derive(Clone, PartialEq, Eq)]
struct Chosen<'a> {
    container: &'a Container,
    name: &'a str,
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

/// Expands the names to ids, and plans one step for each container, so that each is reported by itself.
pub(super) async fn plan(
    cx: &PlanCx<'_>,
    args: &ContainerTargets,
    deed: Deed,
    risk: Risk,
) -> Result<Plan, ToolError> {
    let (deed_word, node) = (deed.word(), cx.node().name());
    if args.all != args.names.is_empty() {
        return Err(ToolError::BadArgument {
            message: if args.all {
                "names and all exclude each other"
            } else {
                "neither names nor all is given"
            }
            .to_owned(),
            hint: Some("give names=A,B or all=true".to_owned()),
        });
    }
    let ground = store::ground(cx).await;
    let cli = ground.cli;
    let there = after(cx.declared(), list::all(cx, ground).await?);
    let chosen = choose(cx, cli, args, &there)?;
    if chosen.is_empty() {
        return Ok(Plan::new(format!("no containers on {node}: nothing to {deed_word}"), risk));
    }
    let (needless, acted): (Vec<Chosen<'_>>, Vec<Chosen<'_>>) =
        chosen.into_iter().partition(|chosen| deed.needless(chosen.container).is_some());
    let skipped: Vec<String> = needless
        .iter()
        .filter_map(|chosen| Some(format!("{} is {}", chosen.name, deed.needless(chosen.container)?)))
        .collect();
    if acted.is_empty() {
        return Ok(Plan::new(format!("nothing to {deed_word} on {node}: {}", skipped.join(", ")), risk));
    }
    let names: Vec<&str> = acted.iter().map(|chosen| chosen.name).collect();
    let mut summary =
        format!("{deed_word} {} on {node}: {}", count(acted.len(), "container"), names.join(", "));
    if !skipped.is_empty() {
        summary.push_str(&format!(" ({})", skipped.join(", ")));
    }
    if acted.len() > 1 && matches!(deed, Deed::Start | Deed::Restart) {
        summary.push_str("; all of them first, then each is waited for");
    }
    let mut plan = Plan::new(summary, risk).expect(pin(cx, cli, &acted).await?);
    let removed = removed_when_stopped(cx, cli, deed, &acted).await?;
    for chosen in &acted {
        for (risk, warning) in deed.warnings(chosen, &removed) {
            plan = plan.at_least(risk).warn(warning);
        }
        let command = Command::<Write>::new(cli.program()).args(cli.words(deed.command()));
        let command = command.args(deed.options().iter().copied()).arg(chosen.container.id.as_str());
        // One that was made to be removed when it stops is gone then.
        let fate = if deed == Deed::Stop && removed.contains(&chosen.container.id) {
            Fate::Gone
        } else {
            deed.fate()
        };
        plan = plan.leaves(Thing::Container(chosen.container.id.clone()), fate);
        plan = match deed {
            // The container would end with the unit that started it.
            Deed::Start | Deed::Restart => plan.step(command.elevated()),
            Deed::Stop | Deed::Remove => plan.step(command.lasting(PATIENCE)),
        };
    }
    Ok(match deed {
        // One that exits at once keeps no other from being started.
        Deed::Start | Deed::Restart => acted.iter().enumerate().fold(plan, |plan, (at, chosen)| {
            let id = chosen.container.id.clone();
            plan.step(Settle::container(cli, id, chosen.name, at))
        }),
        Deed::Stop | Deed::Remove => plan,
    })
}

/// The containers as they will be once earlier changes of the same request are done.
fn after(declared: &Declared, mut there: Sifted<Container>) -> Sifted<Container> {
    there.rows.retain_mut(|container| {
        let state = match declared.fate(&Thing::Container(container.id.clone())) {
            None => return true,
            Some(Fate::Gone) => return false,
            Some(Fate::Up) => "running",
            Some(Fate::Down) => "exited",
        };
        state.clone_into(&mut container.state);
        true
    });
    there
}

/// Which of them the runtime itself removes over this.
async fn removed_when_stopped(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    deed: Deed,
    acted: &[Chosen<'_>],
) -> Result<Vec<ContainerId>, ToolError> {
    match deed {
        Deed::Stop | Deed::Restart => {}
        Deed::Start | Deed::Remove => return Ok(Vec::new()),
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

/// The chosen containers, each once, in the order of the names.
fn choose<'a>(
    cx: &PlanCx<'_>,
    cli: ContainerCli,
    args: &ContainerTargets,
    there: &'a Sifted<Container>,
) -> Result<Vec<Chosen<'a>>, ToolError> {
    let rows = &there.rows;
    if args.all {
        return match there.left_out.first() {
            Some(odd) => Err(lookup::not_all(cli, "all are meant, and not all can be read", odd)),
            None => Ok(rows.iter().map(|container| Chosen::of(container, rows)).collect()),
        };
    }
    let mut chosen: Vec<Chosen<'_>> = Vec::new();
    let mut missing = Vec::new();
    for name in &args.names {
        match lookup::find(rows, name).as_slice() {
            [] => missing.push(name),
            [container] if chosen.iter().any(|chosen| chosen.container == *container) => {}
            [container] => chosen.push(Chosen::of(container, rows)),
            several => return Err(lookup::ambiguous(cx.node(), name, several)),
        }
    }
    if missing.is_empty() { Ok(chosen) } else { Err(lookup::not_found(cx, cli, &missing, there)) }
}

/// Pins which containers the names stand for: one that was made anew under an old name is not touched.
async fn pin(cx: &PlanCx<'_>, cli: ContainerCli, acted: &[Chosen<'_>]) -> Result<Expectation, ToolError> {
    let pairs: Vec<String> = acted
        .iter()
        .map(|Chosen { container, name }| match short(&container.id) {
            id if id == *name => format!("{id} is there"),
            id => format!("{name} is {id}"),
        })
        .collect();
    let words: Result<Vec<ContainerName>, BadWord> = acted.iter().map(Chosen::operand).collect();
    let command = container::identities(
        cli,
        &words.map_err(|why| unreadable(&container::list(cli).to_string(), &why.to_string()))?,
    );
    let shown = command.to_string();
    let (printed, expectation) = cx.pin(pairs.join(", "), command).await?;
    let found = identities(&printed).map_err(|why| unreadable(&shown, &why))?;
    let same = found.len() == acted.len()
        && found
            .iter()
            .zip(acted)
            .all(|((id, name), chosen)| *id == chosen.container.id && *name == chosen.container.name);
    if same {
        return Ok(expectation);
    }
    let report = ErrorReport::new(
        ErrorKind::Changed,
        format!("the containers of {} changed meanwhile", cx.node().name()),
    );
    Err(ToolError::Reported(report.hint("nothing was run; ask again")))
}
