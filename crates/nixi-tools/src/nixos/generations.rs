//! `nixos.generations`

use std::fmt;

use nixi_core::catalog::nixos;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::generation::{Generation, generations, number_of};
use crate::NoArgs;
use crate::parts::Parts;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::{Column, Table};

/// The systems that a node has kept, which it can go back to.
pub struct Generations;

/// `data` of `nixos.generations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GenerationsReport {
    /// The newest first.
    pub generations: Vec<Generation>,
    /// Whether the kernel, its modules or the initial file system that were booted are others than those of the system that
    /// runs; `null` where that cannot be told.
    pub needs_reboot: Option<bool>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for Generations {
    type Args = NoArgs;
    type Report = GenerationsReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("nixos", "generations"),
            "systems that were built and can be booted",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<GenerationsReport, ToolError> {
        let [links, boot, running, kernels] = cx
            .gather([nixos::generations(), nixos::boot_default(), nixos::running(), nixos::kernels()])
            .await;
        let mut parts = Parts::default();
        let boot = parts.take("boot default", "readlink", parsed_of(boot, boot_default))?;
        let running = parts.take("running system", "readlink", parsed_of(running, first_path))?;
        let needs_reboot = parts.take("reboot", "readlink", parsed_of(kernels, differ))?;
        let Sifted { rows, left_out } =
            parsed_of(links, |links| generations(links, boot, running.as_deref()))?;
        if rows.is_empty() {
            let message = format!("{} has no generations of NixOS", cx.node().name());
            return Err(ToolError::NotFound { message, hint: None });
        }
        parts.leave_out(left_out);
        Ok(GenerationsReport { generations: rows, needs_reboot, left_out: parts.left_out() })
    }
}

pub(super) fn boot_default(link: &str) -> Result<u64, String> {
    number_of(link).ok_or_else(|| "it is not the link of a generation".to_owned())
}

/// The first of the paths, if it lies in the store.
pub(super) fn first_path(text: &str) -> Result<String, String> {
    let first = text.lines().next().filter(|line| line.starts_with("/nix/store/"));
    first.map(str::to_owned).ok_or_else(|| "it is not a path in the Nix store".to_owned())
}

/// Whether the first three lines are others than the last three.
fn differ(text: &str) -> Result<bool, String> {
    match text.lines().collect::<Vec<_>>()[..] {
        [a, b, c, x, y, z] => Ok([a, b, c] != [x, y, z]),
        _ => Err("it is not six paths".to_owned()),
    }
}

impl fmt::Display for GenerationsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            ("GENERATION", Column::Number),
            ("MADE (UTC)", Column::Whole),
            ("NIXOS", Column::Elastic),
            ("", Column::Whole),
        ];
        let table = Table::new(header).rows(&self.generations, |row| {
            let state = match (row.runs, row.boots_next) {
                (true, true) => "runs",
                (true, false) => "runs, does not boot next",
                (false, true) => "boots next",
                (false, false) => "",
            };
            let made = row.made.trim_end_matches('Z').replace('T', " ");
            [row.number.to_string(), made, row.nixos_version.clone().unwrap_or_default(), state.to_owned()]
        });
        table.fmt(f)?;
        if self.needs_reboot == Some(true) {
            write!(f, "\n\nA reboot is needed: the kernel that runs is not that of the running system.")?;
        }
        write_left_out(f, &self.left_out)
    }
}
