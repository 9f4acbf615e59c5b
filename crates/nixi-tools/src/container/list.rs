//! `container.list`

use std::fmt;

use nixi_core::catalog::container;
use nixi_core::text::{clean_line, fit};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::failing::{Failing, failing};
use super::identity::shown;
use super::ps::{Container, containers};
use super::store::{self, Ground};
use crate::NoArgs;
use crate::reading::parsed;
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::{Column, Table, count};

/// All containers of a node.
pub struct List;

/// `data` of `container.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListReport {
    /// All containers, running or not: those that fail first, each of the two by name.
    pub containers: Vec<ListedContainer>,
    /// Containers that could not be read, and what else could not be looked at.
    pub left_out: Vec<LeftOut>,
}

/// A container in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedContainer {
    /// The container as the runtime lists it.
    #[serde(flatten)]
    pub container: Container,
    /// Why it counts as failing: it dies again and again, or was given up; else `null`.
    pub failing: Option<Failing>,
}

/// How many characters of a last line are shown to people.
const LINE: usize = 200;

impl Inspect for List {
    type Args = NoArgs;
    type Report = ListReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("container", "list"),
            "all containers, running or not",
            ReadCapability::ContainerStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ListReport, ToolError> {
        let ground = store::ground(cx).await;
        let Sifted { rows, mut left_out } = all(cx, ground).await?;
        let (found, not_looked_at) = failing(cx, ground, &rows).await?;
        left_out.extend(not_looked_at);
        let listed = |container| ListedContainer { container, failing: None };
        let mut containers: Vec<ListedContainer> = rows.into_iter().map(listed).collect();
        for (at, failing) in found {
            if let Some(container) = containers.get_mut(at) {
                container.failing = Some(failing);
            }
        }
        containers.sort_by_key(|container| container.failing.is_none());
        Ok(ListReport { containers, left_out })
    }
}

/// All containers of the node, by name.
pub(super) async fn all(cx: &InspectCx<'_>, ground: Ground) -> Result<Sifted<Container>, ToolError> {
    let runtime = cx.settings().runtime;
    if !ground.may_have_containers {
        return Ok(Sifted::none());
    }
    parsed(cx, container::list(ground.cli), |text| containers(runtime, text)).await
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.containers.is_empty() {
            return f.write_str("no containers");
        }
        let header = [
            ("NAME", Column::Whole),
            ("IMAGE", Column::Elastic),
            ("STATUS", Column::Elastic),
            ("PORTS", Column::Elastic),
        ];
        let table = Table::new(header).rows(&self.containers, |ListedContainer { container, failing }| {
            let name = shown(&container.id, &container.name);
            let status = match failing {
                Some(_) => format!("FAILING: {}", container.status),
                None => container.status.clone(),
            };
            [name.to_owned(), container.image.clone(), status, container.ports.join(", ")]
        });
        write!(f, "{table}")?;
        let failing =
            || self.containers.iter().filter_map(|row| Some((&row.container, row.failing.as_ref()?)));
        for (container, failing) in failing() {
            write!(f, "\n\n{} {}", shown(&container.id, &container.name), words(failing))?;
            if let Some(line) = &failing.last_line {
                write!(f, "\n  said last: {}", fit(&clean_line(line), LINE))?;
            }
        }
        if failing().next().is_some() && !self.left_out.is_empty() {
            f.write_str("\n")?;
        }
        write_left_out(f, &self.left_out)
    }
}

/// `is failing: restarted 16 times, ended last with code 3 at 2026-11-26 16:23:57 UTC`
fn words(failing: &Failing) -> String {
    let mut words = Vec::new();
    if let Some(restarts) = failing.restarts {
        words.push(format!("restarted {}", count(usize::try_from(restarts).unwrap_or(usize::MAX), "time")));
    }
    let since = failing.since.as_ref().map(|since| since.replacen('T', " ", 1).replace('Z', " UTC"));
    match (failing.exit_code, since) {
        (Some(code), Some(at)) => words.push(format!("ended last with code {code} at {at}")),
        (Some(code), None) => words.push(format!("ended last with code {code}")),
        (None, Some(at)) => words.push(format!("started last at {at}")),
        (None, None) => {}
    }
    match words.as_slice() {
        [] => "is failing".to_owned(),
        words => format!("is failing: {}", words.join(", ")),
    }
}
