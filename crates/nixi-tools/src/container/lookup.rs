//! Names of containers that are not there.

use nixi_core::catalog::container;
use nixi_core::command::{ContainerCli, ContainerName, Elevation};
use nixi_core::nearest::did_you_mean;
use nixi_core::{Command, InspectCx, Node, Output, Read, ToolError};

use super::identity::{short, shown};
use super::list;
use super::ps::Container;
use super::store::Ground;
use crate::reading::{run_whole, unreadable};
use crate::rows::{LeftOut, Sifted};
use crate::table::count;

/// The containers that a name, a full id or the first 12 or more digits of an id can stand for.
pub(super) fn find<'a>(containers: &'a [Container], name: &ContainerName) -> Vec<&'a Container> {
    let word = name.as_str();
    let is_meant = |container: &&Container| {
        container.name == word || (word.len() >= 12 && container.id.as_str().starts_with(word))
    };
    containers.iter().filter(is_meant).collect()
}

/// The error for a name that stands for several containers.
pub(super) fn ambiguous(node: &Node, name: &ContainerName, meant: &[&Container]) -> ToolError {
    let ids: Vec<&str> = meant.iter().take(3).map(|container| short(&container.id)).collect();
    let more = if meant.len() > ids.len() { ", …" } else { "" };
    ToolError::BadArgument {
        message: format!(
            "{name} is ambiguous: {} on {} go by it: {}{more}",
            count(meant.len(), "container"),
            node.name(),
            ids.join(", ")
        ),
        hint: Some("give a container's id in place of its name".to_owned()),
    }
}

/// The error for names that no container has. Where a container could not be read, it may be the one that was meant.
pub(super) fn not_found(
    cx: &InspectCx<'_>,
    cli: ContainerCli,
    missing: &[&ContainerName],
    containers: &Sifted<Container>,
) -> ToolError {
    let words: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
    if let Some(odd) = containers.left_out.first() {
        return not_all(cli, &format!("there is no {} among those that can be read", words.join(", ")), odd);
    }
    let there = || containers.rows.iter().map(|container| shown(&container.id, &container.name));
    let hint = words.first().and_then(|word| did_you_mean(word, there())).unwrap_or_else(|| {
        if containers.rows.is_empty() {
            "there are no containers at all".to_owned()
        } else {
            "container.list shows all there are".to_owned()
        }
    });
    ToolError::NotFound {
        message: format!("no container named {} on {}", words.join(", "), cx.node().name()),
        hint: Some(hint),
    }
}

/// The error of a list in which one could not be read that matters.
pub(super) fn not_all(cli: ContainerCli, why: &str, odd: &LeftOut) -> ToolError {
    unreadable(&container::list(cli).to_string(), &format!("{why}; left out: {odd}"))
}

/// Runs a read of some containers. If it fails, a name that is not there is the reason that is told.
pub(super) async fn run(
    cx: &InspectCx<'_>,
    ground: Ground,
    of: &[ContainerName],
    command: Command<Read>,
) -> Result<Output, ToolError> {
    if !ground.may_have_containers {
        return Err(not_found(cx, ground.cli, &of.iter().collect::<Vec<_>>(), &Sifted::none()));
    }
    let (shown, elevated) = (command.to_string(), command.elevation() == Elevation::Root);
    let output = run_whole(cx, command).await?;
    if output.exit.is_success() {
        return Ok(output);
    }
    let failure = ToolError::of_output(&shown, ground.cli.program(), elevated, &output);
    // Only what the program itself said can be about a name.
    if !matches!(failure, ToolError::Command { .. }) {
        return Err(failure);
    }
    let there = list::all(cx, ground).await?;
    let missing: Vec<&ContainerName> = of.iter().filter(|name| find(&there.rows, name).is_empty()).collect();
    Err(if missing.is_empty() { failure } else { not_found(cx, ground.cli, &missing, &there) })
}
