//! `service.failed`

use std::fmt;

use nixi_core::catalog::service;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::unit::{Unit, UnitsReport, units};
use crate::NoArgs;
use crate::reading::parsed;

/// What has failed on a node: units of every kind.
pub struct Failed;

/// `data` of `service.failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FailedReport {
    /// Failed units of every kind, by name.
    pub units: Vec<Unit>,
}

impl Inspect for Failed {
    const NAME: ActionName = ActionName::new("service", "failed");
    const ABOUT: &'static str = "failed units of every kind";
    const CAPABILITY: ReadCapability = ReadCapability::SystemStatus;
    type Args = NoArgs;
    type Report = FailedReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<FailedReport, ToolError> {
        Ok(FailedReport { units: parsed(cx, service::failed(), units).await? })
    }
}

impl fmt::Display for FailedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.units.as_slice() {
            [] => f.write_str("no failed units"),
            units => UnitsReport { units: units.to_vec() }.fmt(f),
        }
    }
}
