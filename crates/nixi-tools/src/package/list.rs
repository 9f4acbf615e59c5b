//! `package.list`

use std::fmt;

use nixi_core::catalog::nixos;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::store_name::StoreName;
use crate::NoArgs;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, Rows, Sifted, write_left_out};
use crate::table::{Column, Table};

/// The packages that everybody has.
pub struct List;

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its version, if its path names one.
    pub version: Option<String>,
}

/// `data` of `package.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListReport {
    /// By name.
    pub packages: Vec<Installed>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for List {
    type Args = NoArgs;
    type Report = ListReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("package", "list"),
            "packages that everybody has",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ListReport, ToolError> {
        let [references] = cx.gather([nixos::installed()]).await;
        let Sifted { rows: mut packages, left_out } = parsed_of(references, installed)?;
        packages.sort();
        packages.dedup();
        Ok(ListReport { packages, left_out })
    }
}

/// Packages by their paths in the store.
pub(crate) fn installed(text: &str) -> Result<Sifted<Installed>, String> {
    Rows::Packages.of_lines(text.lines(), |line| {
        let StoreName { name, version } = StoreName::of_path(line)?;
        Some(Installed { name, version })
    })
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.packages.is_empty() {
            write!(f, "No packages.")?;
        } else {
            let table = Table::new([("PACKAGE", Column::Whole), ("VERSION", Column::Elastic)]);
            table
                .rows(&self.packages, |row| [row.name.clone(), row.version.clone().unwrap_or_default()])
                .fmt(f)?;
        }
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    /// Three packages.
    pub(crate) const ROWS: [&str; 3] = [
        "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-htop-3.3.0",
        "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-jq-1.7.1-bin",
        "/nix/store/cccccccccccccccccccccccccccccccc-nixos-rebuild",
    ];
}
