//! `log.query`

use nixi_core::catalog::log;
use nixi_core::command::{Grep, Lines, LogPriority, TimeSpec, UnitName};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::journal::{JournalReport, entries, follow};

/// Entries of a node's journal.
pub struct Query;

/// Parameters of `log.query`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryArgs {
    /// Of this unit only
    #[schemars(with = "Option<String>")]
    pub unit: Option<UnitName>,
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

impl Inspect for Query {
    type Args = QueryArgs;
    type Report = JournalReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("log", "query"),
            "the newest entries of the journal",
            ReadCapability::SystemStatus,
        )
        .example(json!({"since": "1 hour ago", "priority": "err"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: QueryArgs) -> Result<JournalReport, ToolError> {
        let QueryArgs { unit, lines, since, until, priority, grep, follow: follows } = args;
        let query = log::Query { unit, since, until, priority, grep, lines: lines.unwrap_or_default() };
        if follows { follow(cx, &query).await } else { entries(cx, &query).await }
    }
}
