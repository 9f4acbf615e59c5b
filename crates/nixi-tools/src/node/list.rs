//! `node.list`

use std::fmt;

use nixi_core::fleet::{NodeRow, Probing};
use nixi_core::node_table::NodeTable;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, Shape, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All nodes, and whether they answer.
pub struct List;

/// Parameters of `node.list`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArgs {
    /// Ask whether it answers (true)
    pub probe: Option<bool>,
}

/// `data` of `node.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListReport {
    /// The controller, then the nodes in the order of the configuration.
    pub nodes: Vec<NodeRow>,
}

impl Inspect for List {
    type Args = ListArgs;
    type Report = ListReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::NODE_LIST,
            "all nodes, their mode, and whether they answer",
            ReadCapability::SystemStatus,
        )
        .on_controller()
        .shaped(Shape::NodeTable)
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: ListArgs) -> Result<ListReport, ToolError> {
        let probing = if args.probe.unwrap_or(true) { Probing::Probe } else { Probing::Skip };
        Ok(ListReport { nodes: cx.fleet().rows(None, probing).await })
    }
}

/// The page's table.
impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = NodeTable::of(&self.nodes);
        f.write_str(&table.header())?;
        self.nodes.iter().try_for_each(|row| write!(f, "\n{}", table.line(row)))
    }
}
