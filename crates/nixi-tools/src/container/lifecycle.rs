//! What start, stop, restart and remove have in common.

use nixi_core::catalog::container;
use nixi_core::command::ContainerName;
use nixi_core::{Command, ErrorKind, ErrorReport, Expectation, Plan, PlanCx, Risk, ToolError, Write};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::{identities, word};
use super::ps::Container;
use super::{list, lookup};
use crate::reading::unreadable;
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

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Start => &["start", "--"],
            Self::Stop => &["stop", "--"],
            Self::Restart => &["restart", "--"],
            // Without --volumes: data stays.
            Self::Remove => &["rm", "--force", "--"],
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
    fn warnings(self, container: &Container) -> Vec<(Risk, String)> {
        let name = &container.name;
        let mut warnings = Vec::new();
        if self == Self::Remove && container.is_running() {
            warnings.push((Risk::Destructive, format!("{name} is running and will be killed")));
        }
        if matches!(self, Self::Stop | Self::Restart) && container.auto_remove {
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
    let there = list::all(cx).await?;
    let chosen = choose(cx, args, &there)?;
    if chosen.is_empty() {
        return Ok(Plan::new(format!("no containers on {node}: nothing to {deed_word}"), risk));
    }
    let (needless, acted): (Vec<&Container>, Vec<&Container>) =
        chosen.into_iter().partition(|container| deed.needless(container).is_some());
    let skipped: Vec<String> = needless
        .iter()
        .filter_map(|container| Some(format!("{} is {}", container.name, deed.needless(container)?)))
        .collect();
    if acted.is_empty() {
        return Ok(Plan::new(format!("nothing to {deed_word} on {node}: {}", skipped.join(", ")), risk));
    }
    let names: Vec<&str> = acted.iter().map(|container| container.name.as_str()).collect();
    let mut summary =
        format!("{deed_word} {} on {node}: {}", count(acted.len(), "container"), names.join(", "));
    if !skipped.is_empty() {
        summary.push_str(&format!(" ({})", skipped.join(", ")));
    }
    let mut plan = Plan::new(summary, risk).expect(pin(cx, &acted).await?);
    for container in acted {
        for (risk, warning) in deed.warnings(container) {
            plan = plan.at_least(risk).warn(warning);
        }
        let command = Command::<Write>::new(container::program(cx.settings().runtime));
        plan = plan.step(command.args(deed.options().iter().copied()).arg(container.id.as_str()).elevated());
    }
    Ok(plan)
}

/// The chosen containers, each once, in the order of the names.
fn choose<'a>(
    cx: &PlanCx<'_>,
    args: &ContainerTargets,
    there: &'a [Container],
) -> Result<Vec<&'a Container>, ToolError> {
    if args.all {
        return Ok(there.iter().collect());
    }
    let mut chosen: Vec<&Container> = Vec::new();
    let mut missing = Vec::new();
    for name in &args.names {
        match lookup::find(there, name) {
            Some(container) if chosen.contains(&container) => {}
            Some(container) => chosen.push(container),
            None => missing.push(name),
        }
    }
    if missing.is_empty() { Ok(chosen) } else { Err(lookup::not_found(cx.node(), &missing, there)) }
}

/// Pins which containers the names stand for: one that was made anew under an old name is not touched.
async fn pin(cx: &PlanCx<'_>, acted: &[&Container]) -> Result<Expectation, ToolError> {
    let pairs: Vec<String> = acted
        .iter()
        .map(|container| format!("{} is {}", container.name, container.id.as_str().split_at(12).0))
        .collect();
    let words: Result<Vec<ContainerName>, String> =
        acted.iter().map(|container| word(&container.id, &container.name)).collect();
    let command = container::identities(
        cx.settings().runtime,
        &words.map_err(|why| unreadable(&container::list(cx.settings().runtime).to_string(), &why))?,
    );
    let shown = command.to_string();
    let (printed, expectation) = cx.pin(pairs.join(", "), command).await?;
    let found = identities(&printed).map_err(|why| unreadable(&shown, &why))?;
    let same = found.len() == acted.len()
        && found
            .iter()
            .zip(acted)
            .all(|((id, name), container)| *id == container.id && *name == container.name);
    if same {
        return Ok(expectation);
    }
    let report = ErrorReport::new(
        ErrorKind::Changed,
        format!("the containers of {} changed meanwhile", cx.node().name()),
    );
    Err(ToolError::Reported(report.hint("nothing was run; ask again")))
}
