//! `nixos.check`

use std::fmt;

use nixi_core::{ActionName, Rehearse, RehearseCard, RehearseCx, ToolError, WriteCapability};
use schemars::JsonSchema;
use serde::Serialize;

use super::build::{Built, Trial};
use super::ground::Ground;
use crate::NoArgs;

/// Builds what is declared, out of sight.
pub struct Check;

/// `data` of `nixos.check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckReport {
    /// The system that was built: a path in the Nix store.
    pub system: String,
    /// Whether it runs.
    pub runs: bool,
    /// Whether it boots next.
    pub boots_next: bool,
    /// What the evaluation warned of.
    pub warnings: Vec<String>,
}

impl Rehearse for Check {
    type Args = NoArgs;
    type Report = CheckReport;

    fn card(&self) -> RehearseCard {
        RehearseCard::new(
            ActionName::new("nixos", "check"),
            "build the configuration without switching to it",
            WriteCapability::NixosConfig,
        )
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, _: NoArgs) -> Result<CheckReport, ToolError> {
        let ground = Ground::of(cx).await?;
        let trial = Trial::begin(cx.stage(), &ground, ground.entry(cx)?).await?;
        let Built { system, warnings, .. } = trial.build().await?;
        Ok(CheckReport {
            runs: system == ground.running,
            boots_next: Some(&system) == ground.boots_next.as_ref(),
            system: system.to_string(),
            warnings,
        })
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The configuration builds: {}", self.system)?;
        match (self.runs, self.boots_next) {
            (true, true) => write!(f, "\nIt runs, and boots next.")?,
            (true, false) => write!(f, "\nIt runs, and another system boots next.")?,
            (false, true) => write!(f, "\nIt boots next, and another system runs.")?,
            (false, false) => write!(f, "\nAnother system runs.")?,
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {warning}"))
    }
}
