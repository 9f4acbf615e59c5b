//! `service.status`

use std::fmt;

use nixi_core::command::UnitName;
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::show::{UnitStatus, readable};
use crate::bytes;
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::facts;

/// The state of some units.
pub struct Status;

/// Parameters of `service.status`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusArgs {
    /// Which ones; `.service` is implied
    #[schemars(with = "Vec<String>")]
    pub names: Vec<UnitName>,
}

/// `data` of `service.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusReport {
    /// The units, in the order asked.
    pub units: Vec<UnitStatus>,
    /// Units that could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for Status {
    type Args = StatusArgs;
    type Report = StatusReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("service", "status"),
            "state of some services in detail",
            ReadCapability::SystemStatus,
        )
        .example(json!({"names": ["nginx"]}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: StatusArgs) -> Result<StatusReport, ToolError> {
        if args.names.is_empty() {
            return Err(ToolError::BadArgument { message: "names is empty".to_owned(), hint: None });
        }
        let Sifted { rows, left_out } = readable(cx, &args.names).await?;
        Ok(StatusReport { units: rows, left_out })
    }
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, unit) in self.units.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "\n\n" })?;
            block(f, unit)?;
        }
        write_left_out(f, &self.left_out)
    }
}

fn block(f: &mut fmt::Formatter<'_>, unit: &UnitStatus) -> fmt::Result {
    writeln!(f, "{}: {} ({})", unit.unit, clean_line(&unit.active), clean_line(&unit.sub))?;
    let is_active = unit.active == "active";
    let ended =
        unit.result.as_deref().filter(|result| *result != "success").map(|result| match unit.exit_status {
            Some(code) if code != 0 => format!("{result}, code {code}"),
            Some(_) | None => result.to_owned(),
        });
    facts(
        f,
        2,
        &[
            ("what", Some(unit.description.clone()).filter(|text| !text.is_empty())),
            ("since", unit.active_since.clone().filter(|_| is_active)),
            ("at boot", unit.enabled.clone()),
            ("load", Some(unit.load.clone()).filter(|load| load != "loaded")),
            ("process", unit.main_pid.map(|pid| pid.to_string())),
            ("memory", unit.memory_bytes.map(bytes::human)),
            ("restarts", unit.restarts.filter(|restarts| *restarts > 0).map(|restarts| restarts.to_string())),
            ("ended", ended),
        ],
    )
}
