//! What a node tells of units that are to start at boot, or not.

use nixi_core::catalog::{nixos, service};
use nixi_core::command::UnitName;
use nixi_core::nearest::did_you_mean;
use nixi_core::{CallRequest, EndState, ModuleEdit, PlanCx, Thing, ToolError};

use super::Direction;
use super::links::BootLinks;
use super::unit::Unit;
use crate::nix::OptionPath;
use crate::reading::parsed_of;
use crate::service::lifeline::Surroundings;
use crate::service::show::{UnitStatus, blocks_of_any, states_told};

/// What starts units now, and what they are to the node.
pub(super) struct Found {
    pub(super) links: BootLinks,
    around: Surroundings,
    starters: Vec<Starters>,
}

/// What starts a unit on the node as it runs.
struct Starters {
    of: String,
    wanted_by: Vec<String>,
    triggered_by: Vec<String>,
}

impl Found {
    /// The state of each unit, once, and what is around them.
    pub(super) async fn of(
        cx: &PlanCx<'_>,
        direction: Direction,
        names: &[UnitName],
    ) -> Result<(Vec<UnitStatus>, Self), ToolError> {
        let [dependencies, processes] = Surroundings::reads(names);
        let [shown, dependencies, processes, links, started] = cx
            .gather([
                service::show(names),
                dependencies,
                processes,
                nixos::running_units(),
                service::started_by(names),
            ])
            .await;
        let links = parsed_of(links, |text| Ok(BootLinks::told(text)))?;
        let mut units: Vec<UnitStatus> = Vec::new();
        let statuses = states_told(cx, names, shown).await;
        for mut status in statuses.map_err(|error| missing(error, cx, direction, names, &links))? {
            // As it will be once earlier changes of the same request are done.
            match cx.declared().end_state(&Thing::Unit(status.unit.clone())) {
                Some(EndState::Is(active)) => active.clone_into(&mut status.active),
                Some(EndState::Gone) | None => {}
            }
            // Two names of one unit are one.
            if units.iter().all(|other| other.unit != status.unit) {
                units.push(status);
            }
        }
        let around = Surroundings::told(cx, [dependencies, processes])?;
        let starters = parsed_of(started, |text| Ok(starters(text)))?;
        Ok((units, Self { links, around, starters }))
    }

    /// Why a change of the unit is destructive.
    pub(super) fn danger(&self, unit: &Unit) -> Option<String> {
        Some(format!("{} {}", unit.id(), self.around.own(unit.id())?))
    }

    /// What a person may not expect of a unit that is enabled.
    pub(super) fn once_enabled(&self, unit: &Unit) -> Vec<String> {
        let (id, active) = (unit.id(), unit.active());
        match active {
            "active" => Vec::new(),
            other => vec![format!("the switch also starts {id}, which is {other} now")],
        }
    }

    /// What a person may not expect of a unit that is disabled by these edits.
    pub(super) fn once_disabled(&self, unit: &Unit, edits: &[ModuleEdit]) -> Vec<String> {
        let id = unit.id();
        if let Some(switch) = unit.switch_unset_by(edits) {
            return vec![format!(
                "{switch} goes from nixi.nix: where nothing else sets it, {id} stops and goes"
            )];
        }
        let mut told = Vec::new();
        if unit.active() == "active" {
            told.push(format!("{id} keeps running until it is stopped"));
        }
        if edits.iter().any(|edit| matches!(edit, ModuleEdit::Set { .. })) {
            told.push(format!("{id} is declared by somebody else, whose files stay as they are"));
        }
        let Some(starters) = self.starters.iter().find(|starters| starters.of == id) else { return told };
        let is_linked = |by: &&String| self.links.starters(id).any(|(_, starter)| starter == by.as_str());
        let still: Vec<&str> =
            starters.wanted_by.iter().filter(|by| !is_linked(by)).map(String::as_str).collect();
        if !still.is_empty() {
            told.push(format!("{id} is still started with {}", still.join(", ")));
        }
        if !starters.triggered_by.is_empty() {
            told.push(format!("{id} is still started by {}", starters.triggered_by.join(", ")));
        }
        told
    }
}

/// That there is no such unit, with the nearest that are declared, loaded or not; and with the way by which a service comes to
/// be on NixOS.
fn missing(
    error: ToolError,
    cx: &PlanCx<'_>,
    direction: Direction,
    names: &[UnitName],
    links: &BootLinks,
) -> ToolError {
    let ToolError::NotFound { message, hint } = error else { return error };
    let Some(name) = names.iter().find(|name| !links.declares(name.as_str())) else {
        return ToolError::NotFound { message, hint };
    };
    let near = did_you_mean(name.as_str(), links.names());
    let service = name.as_str().strip_suffix(".service").filter(|_| direction == Direction::Enable);
    let option = service.and_then(|name| OptionPath::of_parts(["services", name, "enable"]));
    let way = option.map(|option| {
        let edit = CallRequest::new("nixos.edit").on(cx.node().name().as_str());
        let edit = edit.with("option", option.to_string()).with("value", "true").typed();
        format!("a service that NixOS knows is set up by its option: {edit}")
    });
    let hints: Vec<String> = near.into_iter().chain(way).collect();
    ToolError::NotFound { message, hint: if hints.is_empty() { hint } else { Some(hints.join(" ")) } }
}

/// Out of an answer to [`service::started_by`].
fn starters(text: &str) -> Vec<Starters> {
    let words = |text: Option<&str>| -> Vec<String> {
        text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let of = |block: crate::service::show::Block<'_>| {
        Some(Starters {
            of: block.get("Id")?.to_owned(),
            wanted_by: [words(block.get("WantedBy")), words(block.get("RequiredBy"))].concat(),
            triggered_by: words(block.get("TriggeredBy")),
        })
    };
    blocks_of_any(text).into_iter().filter_map(of).collect()
}
