//! A tool of one's own: `site.health` looks, `site.reload` plans a change.
//!
//! This file could be a crate of a third party; it needs `nixi-core`, `serde` 1 and `schemars` 1. What it cannot do is
//! decided by types, so it is no matter of trust:
//!
//! - `Health` cannot change anything: what it is lent runs a `Command<Read>` only, and the catalog alone makes those.
//!   Run `Command::<Write>::new(…)` there, and it does not compile. `crates/nixi-core/tests/forgeries` has more of the kind.
//! - `Reload` cannot run anything: it returns a `Plan`. Whether that ever runs is up to the node's mode and to a person.

use std::fmt;

use nixi::core::catalog::service;
use nixi::core::command::UnitName;
use nixi::core::{
    ActionName, Change, ChangeCard, Command, Inspect, InspectCx, Plan, PlanCx, Program, ReadCapability,
    ReadCard, Risk, ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The parameters of both actions. The schema that people and models see is made of this type and its comments; `node`
/// is added to every tool, and anything else is refused before the action is asked.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    /// The unit that serves the site; `.service` is implied
    // A checked type: never an option, never a glob, never two words.
    unit: UnitName,
}

/// `data` of `site.health`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HealthReport {
    /// The unit, under its full name.
    unit: String,
    /// `active`, `inactive`, `failed`, …
    state: String,
    /// How often systemd had to start it again.
    restarts: u32,
}

/// `text` of `site.health`.
impl fmt::Display for HealthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, restarted {} times", self.unit, self.state, self.restarts)
    }
}

/// Whether a site is served.
pub(crate) struct Health;

impl Inspect for Health {
    type Args = Site;
    type Report = HealthReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("site", "health"),
            "whether the unit that serves a site runs, and how often it had to be restarted",
            ReadCapability::SystemStatus,
        )
        .example(json!({"unit": "nginx"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, site: Site) -> Result<HealthReport, ToolError> {
        let read = service::show(std::slice::from_ref(&site.unit));
        let command = read.to_string();
        let printed = cx.stdout(read).await?;
        // What a node prints is a stranger's word: parse it, and say so where it is not what was expected.
        health(&site, &printed)
            .ok_or(ToolError::Unreadable { command, why: "a property is missing".to_owned() })
    }
}

fn health(site: &Site, printed: &str) -> Option<HealthReport> {
    let property = |name: &str| printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    Some(HealthReport {
        unit: site.unit.qualified().to_string(),
        state: property("ActiveState")?.to_owned(),
        restarts: property("NRestarts")?.parse().ok()?,
    })
}

/// Has a site read its configuration again.
pub(crate) struct Reload;

impl Change for Reload {
    type Args = Site;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("site", "reload"),
            "have the unit that serves a site read its configuration again",
            WriteCapability::Services,
            Risk::Routine,
        )
        .example(json!({"unit": "nginx"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, site: Site) -> Result<Plan, ToolError> {
        let unit = site.unit.qualified();
        // Planning may look. What it relies on it pins: when the plan is applied, the same read has to print the same.
        let (printed, there) =
            cx.pin(format!("{unit} is there"), service::identities(std::slice::from_ref(&unit))).await?;
        if !printed.lines().any(|line| line == "LoadState=loaded") {
            let message = format!("there is no unit {unit} on {}", cx.node().name());
            return Err(ToolError::NotFound { message, hint: None });
        }
        let reload = Command::<Write>::new(Program::new("systemctl")).args(["reload", "--", unit.as_str()]);
        // Every plan says how it is taken back, by calls or not at all.
        let undo = Undo::cannot("what the unit has read it has read");
        let plan = Plan::new(format!("reload {unit} on {}", cx.node().name()), Risk::Routine, undo);
        Ok(plan.expect(there).step(reload.elevated()))
    }
}
