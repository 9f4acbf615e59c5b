//! `nixos.diff`

use std::fmt;

use nixi_core::{ActionName, Rehearse, RehearseCard, RehearseCx, ToolError, WriteCapability};
use schemars::JsonSchema;
use serde::Serialize;

use super::build::{Built, Trial};
use super::difference::Difference;
use super::ground::Ground;
use crate::NoArgs;

/// What a rebuild would change.
pub struct Diff;

/// `data` of `nixos.diff`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiffReport {
    /// The system that runs.
    pub running: String,
    /// The system that was built of what is declared.
    pub declared: String,
    /// What differs; `null` where they are the same.
    pub difference: Option<Difference>,
    /// What the evaluation warned of.
    pub warnings: Vec<String>,
}

impl Rehearse for Diff {
    type Args = NoArgs;
    type Report = DiffReport;

    fn card(&self) -> RehearseCard {
        RehearseCard::new(
            ActionName::new("nixos", "diff"),
            "what a rebuild would change",
            WriteCapability::NixosConfig,
        )
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, _: NoArgs) -> Result<DiffReport, ToolError> {
        let ground = Ground::of(cx).await?;
        let trial = Trial::begin(cx.stage(), &ground, ground.entry(cx)?).await?;
        let Built { system, warnings, .. } = trial.build().await?;
        let difference = match system == ground.running {
            true => None,
            false => Some(Difference::of(cx, &ground.running, &system).await?),
        };
        Ok(DiffReport {
            running: ground.running.to_string(),
            declared: system.to_string(),
            difference,
            warnings,
        })
    }
}

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.difference {
            None => write!(f, "What is declared runs already.")?,
            Some(difference) => {
                let lines = difference.lines();
                match lines.is_empty() {
                    true => write!(f, "A rebuild changes no package and no unit.")?,
                    false => f.write_str(&lines.join("\n"))?,
                }
                if difference.needs_reboot {
                    write!(f, "\nA reboot is needed for the new kernel.")?;
                }
            }
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {warning}"))
    }
}
