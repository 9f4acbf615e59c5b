//! `service.failed`

use std::fmt;

use nixi_core::catalog::{clock, log, service};
use nixi_core::command::UnitName;
use nixi_core::text::{clean_line, fit};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::restarts::{Restarts, restarts};
use super::unit::{Unit, is_failing, units};
use crate::NoArgs;
use crate::parts::Parts;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::span;
use crate::table::{Column, Table};

/// What has failed on a node, or fails again and again: units of every kind.
pub struct Failed;

/// `data` of `service.failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailedReport {
    /// Units of every kind that have failed, and services that die and are started again, by name.
    pub units: Vec<FailedUnit>,
    /// Units that could not be read, and what else could not be looked at.
    pub left_out: Vec<LeftOut>,
}

/// A unit that has failed, or a service that does not stay up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailedUnit {
    /// The unit as systemd lists it.
    #[serde(flatten)]
    pub unit: Unit,
    /// How often systemd restarted it by itself since it was last started by hand.
    pub restarts: Option<u64>,
    /// When its state changed last, in the node's own words.
    pub since: Option<String>,
    /// How it ended last: `exit-code`, `signal`, `start-limit-hit`, …
    pub result: Option<String>,
    /// The last line that it wrote to the journal, if that was to be had.
    pub last_line: Option<String>,
}

/// So many units have their last line looked up: a node where more have failed has one cause for most of them.
const LAST_LINES: usize = 8;
/// How many characters of it are shown to people.
const LINE: usize = 200;

impl Inspect for Failed {
    type Args = NoArgs;
    type Report = FailedReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("service", "failed"),
            "units that have failed or keep restarting",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<FailedReport, ToolError> {
        let [listed, histories, uptime] =
            cx.gather([service::failed(), service::restarts(), clock::uptime()]).await;
        // The list is the answer; what else could have been told is named where it is not to be had.
        let (listed, mut parts) = (parsed_of(listed, units)?, Parts::default());
        let (histories, uptime) = (parsed_of(histories, restarts), parsed_of(uptime, span::since_boot));
        parts.leave_out(listed.left_out);
        let histories = parts.take("services that keep restarting", "systemctl show", histories)?;
        let histories = histories.unwrap_or_else(Sifted::none);
        parts.leave_out(histories.left_out);
        let uptime = if histories.rows.iter().any(Restarts::is_restarted_often) {
            parts.take("services that are up between two failures", "cat /proc/uptime", uptime)?
        } else {
            None
        };
        let mut units = joined(&listed.rows, &histories.rows, uptime);
        let named = units.iter_mut().take(LAST_LINES);
        let mut named: Vec<(UnitName, &mut Option<String>)> =
            named.filter_map(|unit| Some((unit.unit.unit.parse().ok()?, &mut unit.last_line))).collect();
        last_lines(cx, &mut named).await;
        Ok(FailedReport { units, left_out: parts.left_out() })
    }
}

/// The listed units with their histories, and the services that only seem to run.
fn joined(listed: &[Unit], histories: &[Restarts], uptime: Option<u64>) -> Vec<FailedUnit> {
    let history = |unit: &str| histories.iter().find(|history| history.unit == unit);
    let looping = histories
        .iter()
        .filter(|history| history.is_looping(uptime))
        .filter(|history| !listed.iter().any(|unit| unit.unit == history.unit))
        .map(Restarts::as_listed);
    let failing = listed.iter().filter(|unit| is_failing(&unit.active, &unit.sub)).cloned();
    let mut units: Vec<FailedUnit> = failing
        .chain(looping)
        .map(|unit| {
            let history = history(&unit.unit);
            FailedUnit {
                restarts: history.and_then(|history| history.restarts),
                since: history.and_then(|history| history.since.clone()),
                result: history.and_then(|history| history.result.clone()),
                last_line: None,
                unit,
            }
        })
        .collect();
    units.sort_by(|a, b| a.unit.unit.cmp(&b.unit.unit));
    units
}

/// As the login user, and as root where that user sees nothing. They are an addition: what goes wrong with them is left out.
async fn last_lines(cx: &InspectCx<'_>, of: &mut [(UnitName, &mut Option<String>)]) {
    for read in [log::last_line, log::last_line_as_root] {
        let open = of.iter_mut().filter(|(_, line)| line.is_none());
        let (reads, lines): (Vec<_>, Vec<_>) = open.map(|(unit, line)| (read(unit), line)).unzip();
        if reads.is_empty() {
            return;
        }
        for (line, answer) in lines.into_iter().zip(cx.gather_each(reads).await) {
            **line = answer.stdout().ok().and_then(|text| last_of(&text));
        }
    }
}

fn last_of(text: &str) -> Option<String> {
    text.lines().map(clean_line).rfind(|line| !line.trim().is_empty() && line != "-- No entries --")
}

impl fmt::Display for FailedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units.is_empty() {
            f.write_str(match self.left_out.as_slice() {
                [] => "no failed units",
                [_, ..] => "found nothing that has failed, but not everything could be looked at",
            })?;
            return write_left_out(f, &self.left_out);
        }
        let header = [
            ("UNIT", Column::Whole),
            ("STATE", Column::Whole),
            ("RESTARTS", Column::Whole),
            ("SINCE", Column::Whole),
            ("DESCRIPTION", Column::Elastic),
        ];
        let table =
            Table::new(header).rows(&self.units, |FailedUnit { unit, restarts, since, result, .. }| {
                let ended = result.as_deref().filter(|result| *result != "success").unwrap_or(&unit.sub);
                [
                    unit.unit.clone(),
                    format!("{} ({ended})", unit.standing()),
                    restarts
                        .filter(|restarts| *restarts > 0)
                        .map_or_else(String::new, |count| count.to_string()),
                    since.clone().unwrap_or_default(),
                    unit.description.clone(),
                ]
            });
        writeln!(f, "{table}")?;
        for FailedUnit { unit, last_line, .. } in &self.units {
            if let Some(line) = last_line {
                write!(f, "\n{} said last: {}", clean_line(&unit.unit), fit(line, LINE))?;
            }
        }
        if self.units.iter().any(|unit| unit.last_line.is_some()) {
            f.write_str("\n")?;
        }
        let failed = self.units.iter().filter(|unit| unit.unit.active == "failed").count();
        write!(f, "\n{failed} failed, {} restarting", self.units.len() - failed)?;
        write_left_out(f, &self.left_out)
    }
}
