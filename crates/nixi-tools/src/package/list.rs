//! `package.list`

use std::fmt;

use nixi_core::catalog::nixos;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::store_name::StoreName;
use crate::NoArgs;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, write_left_out};
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
        let (mut packages, mut left_out) = (Vec::new(), Vec::new());
        let printed = parsed_of(references, |text| Ok(text.to_owned()))?;
        for line in printed.lines().filter(|line| !line.is_empty()) {
            match StoreName::of_path(line) {
                Some(StoreName { name, version }) => packages.push(Installed { name, version }),
                None => left_out.push(LeftOut::new(line, "it is not a path in the Nix store")),
            }
        }
        packages.sort();
        packages.dedup();
        Ok(ListReport { packages, left_out })
    }
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
