//! `node.status`

use std::fmt;

use nixi_core::fleet::{NodeRow, Probing, address};
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Inspect, InspectCx, NodeName, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::named;
use crate::table::facts;

/// Whether some nodes answer, and if not, why.
pub struct Status;

/// Parameters of `node.status`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusArgs {
    /// Which ones
    pub names: Vec<String>,
}

/// `data` of `node.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusReport {
    /// The controller first, then in the order of the configuration.
    pub nodes: Vec<NodeRow>,
}

impl Inspect for Status {
    type Args = StatusArgs;
    type Report = StatusReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("node", "status"),
            "whether some nodes answer, and why not",
            ReadCapability::SystemStatus,
        )
        .example(json!({"names": ["web-server"]}))
        .on_controller()
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: StatusArgs) -> Result<StatusReport, ToolError> {
        if args.names.is_empty() {
            return Err(ToolError::BadArgument { message: "names is empty".to_owned(), hint: None });
        }
        let mut names: Vec<NodeName> = Vec::with_capacity(args.names.len());
        for name in &args.names {
            names.push(named::any(cx.fleet(), name).await?);
        }
        Ok(StatusReport { nodes: cx.fleet().rows(Some(&names), Probing::Probe).await })
    }
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, row) in self.nodes.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "\n\n" })?;
            writeln!(f, "{}: {}", clean_line(&row.name_words()), row.status_words())?;
            facts(
                f,
                2,
                &[
                    ("address", Some(place(row))),
                    ("mode", Some(row.mode.to_string())),
                    ("answer", row.ms.map(|ms| format!("after {ms} ms"))),
                    ("detail", row.detail.clone()),
                    ("hint", row.hint.clone()),
                ],
            )?;
        }
        Ok(())
    }
}

/// `user@host`, or the host alone where there is no login.
fn place(row: &NodeRow) -> String {
    let port = row.port.and_then(|port| port.try_into().ok());
    match (row.user.as_deref().map(str::parse), row.host.parse(), port) {
        (Some(Ok(user)), Ok(host), Some(port)) => address(&user, &host, port),
        (_, _, _) => row.host.clone(),
    }
}
