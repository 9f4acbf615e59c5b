//! `service.list`

use nixi_core::catalog::service;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};

use super::unit::{UnitsReport, units};
use crate::NoArgs;
use crate::reading::parsed;
use crate::rows::Sifted;

/// All services of a node.
pub struct List;

impl Inspect for List {
    type Args = NoArgs;
    type Report = UnitsReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("service", "list"),
            "all services with their state",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<UnitsReport, ToolError> {
        let Sifted { rows, left_out } = parsed(cx, service::list(), units).await?;
        Ok(UnitsReport { units: rows, left_out })
    }
}
