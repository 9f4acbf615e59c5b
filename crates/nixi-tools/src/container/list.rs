//! `container.list`

use std::fmt;

use nixi_core::catalog::container;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::identity::shown;
use super::ps::{Container, containers};
use super::store::{self, Ground};
use crate::NoArgs;
use crate::reading::parsed;
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::{Column, Table};

/// All containers of a node.
pub struct List;

/// `data` of `container.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListReport {
    /// All containers, running or not, by name.
    pub containers: Vec<Container>,
    /// Containers that could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for List {
    const NAME: ActionName = ActionName::new("container", "list");
    const ABOUT: &'static str = "all containers, running or not";
    const CAPABILITY: ReadCapability = ReadCapability::ContainerStatus;
    type Args = NoArgs;
    type Report = ListReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ListReport, ToolError> {
        let Sifted { rows, left_out } = all(cx, store::ground(cx).await).await?;
        Ok(ListReport { containers: rows, left_out })
    }
}

/// All containers of the node, by name.
pub(super) async fn all(cx: &InspectCx<'_>, ground: Ground) -> Result<Sifted<Container>, ToolError> {
    let runtime = cx.settings().runtime;
    if !ground.may_have_containers {
        return Ok(Sifted::none());
    }
    parsed(cx, container::list(ground.cli), |text| containers(runtime, text)).await
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.containers.is_empty() {
            return f.write_str("no containers");
        }
        let header = [
            ("NAME", Column::Whole),
            ("IMAGE", Column::Elastic),
            ("STATUS", Column::Elastic),
            ("PORTS", Column::Elastic),
        ];
        let table = Table::new(header).rows(&self.containers, |container| {
            let name = shown(&container.id, &container.name);
            [name, &container.image, &container.status, &container.ports.join(", ")].map(str::to_owned)
        });
        write!(f, "{table}")?;
        write_left_out(f, &self.left_out)
    }
}
