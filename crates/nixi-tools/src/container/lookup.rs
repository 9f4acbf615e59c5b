//! Names of containers that are not there.

use nixi_core::catalog::container;
use nixi_core::command::{ContainerName, Elevation};
use nixi_core::nearest::did_you_mean;
use nixi_core::{Command, InspectCx, Node, Output, Read, ToolError};

use super::list;
use super::ps::Container;
use crate::reading::run_whole;

/// The container that a name, a full id or the first 12 or more digits of an id stand for.
pub(super) fn find<'a>(containers: &'a [Container], name: &ContainerName) -> Option<&'a Container> {
    let word = name.as_str();
    let is_id = |container: &&Container| word.len() >= 12 && container.id.as_str().starts_with(word);
    containers.iter().find(|container| container.name == word).or_else(|| {
        let mut by_id = containers.iter().filter(is_id);
        by_id.next().filter(|_| by_id.next().is_none())
    })
}

/// The error for names that no container has.
pub(super) fn not_found(node: &Node, missing: &[&ContainerName], containers: &[Container]) -> ToolError {
    let words: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
    let there = || containers.iter().map(|container| container.name.as_str());
    let hint = words.first().and_then(|word| did_you_mean(word, there())).unwrap_or_else(|| {
        if containers.is_empty() {
            "there are no containers at all".to_owned()
        } else {
            "container.list shows all there are".to_owned()
        }
    });
    ToolError::NotFound {
        message: format!("no container named {} on {}", words.join(", "), node.name()),
        hint: Some(hint),
    }
}

/// Runs a read of some containers. If it fails, a name that is not there is the reason that is told.
pub(super) async fn run(
    cx: &InspectCx<'_>,
    of: &[ContainerName],
    command: Command<Read>,
) -> Result<Output, ToolError> {
    let (shown, elevated) = (command.to_string(), command.elevation() == Elevation::Root);
    let output = run_whole(cx, command).await?;
    if output.exit.is_success() {
        return Ok(output);
    }
    let failure = ToolError::of_output(&shown, container::program(cx.settings().runtime), elevated, &output);
    if matches!(failure, ToolError::SudoPassword { .. } | ToolError::ProgramMissing(_)) {
        return Err(failure);
    }
    let there = list::all(cx).await?;
    let missing: Vec<&ContainerName> = of.iter().filter(|name| find(&there, name).is_none()).collect();
    Err(if missing.is_empty() { failure } else { not_found(cx.node(), &missing, &there) })
}
