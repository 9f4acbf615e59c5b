//! `service.logs`

use nixi_core::catalog::log::Query;
use nixi_core::command::{Grep, Lines, LogPriority, TimeSpec, UnitName};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::journal::{JournalReport, entries, follow};

/// What a service wrote to the journal.
pub struct Logs;

/// Parameters of `service.logs`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogsArgs {
    /// Which one; `.service` is implied
    #[schemars(with = "String")]
    pub name: UnitName,
    /// Newest lines (100)
    pub lines: Option<Lines>,
    /// As `1h ago` or `2026-11-22 10:00`
    #[schemars(with = "Option<String>")]
    pub since: Option<TimeSpec>,
    /// The same for the end
    #[schemars(with = "Option<String>")]
    pub until: Option<TimeSpec>,
    /// This grave or graver
    pub priority: Option<LogPriority>,
    /// A pattern in the message
    #[schemars(with = "Option<String>")]
    pub grep: Option<Grep>,
    /// Goes on until it is stopped
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
}

impl Inspect for Logs {
    type Args = LogsArgs;
    type Report = JournalReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("service", "logs"),
            "what a service wrote to the journal last",
            ReadCapability::SystemStatus,
        )
        .example(json!({"name": "nginx", "lines": 50}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: LogsArgs) -> Result<JournalReport, ToolError> {
        let LogsArgs { name, lines, since, until, priority, grep, follow: follows } = args;
        let query =
            Query { unit: Some(name), since, until, priority, grep, lines: lines.unwrap_or_default() };
        if follows { follow(cx, &query).await } else { entries(cx, &query).await }
    }
}
