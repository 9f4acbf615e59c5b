//! The journal: `journalctl --output=json`, one object a line, first as the login user and as root where that user
//! does not see everything.

use std::fmt;

use nixi_core::catalog::log::{self, Query};
use nixi_core::command::LogPriority;
use nixi_core::text::clean_line;
use nixi_core::{Exit, InspectCx, Output, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::colour;
use crate::instant::Instant;
use crate::reading::{if_there, json, run_whole, unreadable};
use crate::service;
use crate::table::count;

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JournalEntry {
    /// When (RFC 3339, UTC).
    pub time: String,
    /// The level of syslog(3), if the entry has one.
    pub priority: Option<LogPriority>,
    /// Who wrote it: the unit, or else the program.
    pub source: String,
    /// The process.
    pub pid: Option<u32>,
    /// What it says; `null` if journalctl left it out for its length.
    pub message: Option<String>,
}

/// `data` of `log.query` and `service.logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JournalReport {
    /// The entries, the oldest first.
    pub entries: Vec<JournalEntry>,
}

/// The newest entries that match. None at all of a unit that is not there is an error: it was most likely a slip of the
/// finger, and must not be read as quiet.
pub(crate) async fn entries(cx: &InspectCx<'_>, query: &Query) -> Result<JournalReport, ToolError> {
    let mut command = log::query(query);
    let (output, access) = futures_util::join!(run_whole(cx, command.clone()), run_whole(cx, log::access()));
    let mut output = output?;
    if is_partial(&output) || is_partial(&access?) {
        command = log::query_as_root(query);
        output = run_whole(cx, command.clone()).await?;
        if is_denied(&output) {
            return Err(denied(cx));
        }
    }
    if says(&output, "No journal files were found") {
        return Err(ToolError::NotFound {
            message: format!("there is no journal on {}", cx.node().name()),
            hint: Some("systemd-journald keeps one where it runs".to_owned()),
        });
    }
    let shown = command.to_string();
    // With --grep, no match ends like grep(1): with 1, and nothing said.
    let said_nothing = output.stdout.is_empty() && output.stderr.iter().all(u8::is_ascii_whitespace);
    let no_match = query.grep.is_some() && output.exit == Exit::Code(1) && said_nothing;
    if !(output.exit.is_success() || no_match) {
        return Err(ToolError::of_output(&shown, command.program(), false, &output));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let entries = parse(&stdout).map_err(|why| unreadable(&shown, &why))?;
    if let (true, Some(unit)) = (entries.is_empty(), &query.unit) {
        // The journal has answered: a machine where this look fails has no entries all the same.
        if_there(service::is_there(cx, unit)).await?;
    }
    Ok(JournalReport { entries })
}

/// journalctl says so when the user does not see the whole journal, and shows the rest or nothing.
fn is_partial(output: &Output) -> bool {
    says(output, "not seeing messages from") || says(output, "insufficient permissions")
}

fn says(output: &Output, words: &str) -> bool {
    String::from_utf8_lossy(&output.stderr).contains(words)
}

/// sudo(8) is not there or would not run it, or root does not see it either.
fn is_denied(output: &Output) -> bool {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let refused =
        ["sudo: ", "Sorry, user "].iter().any(|start| stderr.lines().any(|line| line.starts_with(start)));
    is_partial(output)
        || output.exit == Exit::Code(127)
        || (!output.exit.is_success() && (refused || stderr.contains("is not in the sudoers file")))
}

fn denied(cx: &InspectCx<'_>) -> ToolError {
    let user = cx.node().ssh().map_or_else(|| "the user".to_owned(), |ssh| ssh.user.to_string());
    ToolError::Permission {
        message: format!(
            "{user} does not see the whole journal of {}, and sudo does not help",
            cx.node().name()
        ),
        hint: format!(
            "put {user} into the group systemd-journal (NixOS: users.users.{}.extraGroups = [ \"systemd-journal\" ])",
            cx.node().ssh().map_or("NAME", |ssh| ssh.user.as_str())
        ),
    }
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    time: String,
    #[serde(rename = "MESSAGE", default)]
    message: Value,
    #[serde(rename = "PRIORITY", default)]
    priority: Value,
    /// Of the unit that systemd itself writes about.
    #[serde(rename = "UNIT", default)]
    about: Value,
    #[serde(rename = "_SYSTEMD_UNIT", default)]
    unit: Value,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    identifier: Value,
    #[serde(rename = "_COMM", default)]
    program: Value,
    #[serde(rename = "_PID", default)]
    pid: Value,
}

/// One object a line; remarks of journalctl itself (`-- No entries --`) are no entries.
fn parse(text: &str) -> Result<Vec<JournalEntry>, String> {
    let is_remark = |line: &str| line.starts_with("-- ") && line.ends_with(" --");
    text.lines()
        .filter(|line| !line.trim().is_empty() && !is_remark(line))
        .enumerate()
        .map(|(at, line)| entry(line).map_err(|why| format!("entry {}: {why}", at + 1)))
        .collect()
}

fn entry(line: &str) -> Result<JournalEntry, String> {
    let raw: Raw = json(line)?;
    let micros: u64 = raw.time.parse().map_err(|_| "its time is not a number of microseconds".to_owned())?;
    let priority = match field(&raw.priority)? {
        Some(level) => {
            let level = level.parse::<usize>().ok().and_then(|level| LogPriority::ALL.get(level).copied());
            Some(level.ok_or_else(|| "its priority is not 0 to 7".to_owned())?)
        }
        None => None,
    };
    let mut source = None;
    for name in [&raw.about, &raw.unit, &raw.identifier, &raw.program] {
        source = match source {
            Some(source) => Some(source),
            // The kernel and short-lived programs have no unit of their own.
            None => field(name)?.filter(|name| name != "init.scope" && !name.is_empty()),
        };
    }
    Ok(JournalEntry {
        time: Instant::of_micros(micros).rfc3339(),
        priority,
        source: source.unwrap_or_else(|| "-".to_owned()),
        pid: field(&raw.pid)?.and_then(|pid| pid.parse().ok()),
        message: field(&raw.message)?.map(|text| colour::removed(&text)),
    })
}

/// A field is text, bytes where it is not printable, `null` where it is very long, and a list of these where
/// it is there several times.
fn field(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            let bytes: Option<Vec<u8>> =
                items.iter().map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
            let bytes = bytes.ok_or_else(|| "a field is not bytes".to_owned())?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Value::Array(items) => {
            let texts = items.iter().map(field).collect::<Result<Vec<_>, _>>()?;
            Ok(Some(texts.into_iter().flatten().collect::<Vec<_>>().join("\n")))
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err("a field is neither text nor bytes".to_owned())
        }
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return f.write_str("no entries");
        }
        let entries =
            if self.entries.len() == 1 { "1 entry".to_owned() } else { count(self.entries.len(), "entrie") };
        write!(f, "{entries}, times in UTC")?;
        for entry in &self.entries {
            let time = entry.time.replacen('T', " ", 1);
            write!(f, "\n{}  {}", time.trim_end_matches('Z'), clean_line(&entry.source))?;
            if let Some(priority) = entry.priority.filter(|priority| is_grave(*priority)) {
                write!(f, " {}", priority.as_str())?;
            }
            let message = entry.message.as_deref().unwrap_or("(left out by journalctl: it is very long)");
            write!(f, ": {}", message.trim_end().replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

fn is_grave(priority: LogPriority) -> bool {
    match priority {
        LogPriority::Emerg
        | LogPriority::Alert
        | LogPriority::Crit
        | LogPriority::Err
        | LogPriority::Warning => true,
        LogPriority::Notice | LogPriority::Info | LogPriority::Debug => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From systemd 256: plain, bytes with an escape sequence, about a unit, a field twice, and too long.
    const RECORDED: &str = r#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1764000000123456","PRIORITY":"6","_SYSTEMD_UNIT":"nginx.service","SYSLOG_IDENTIFIER":"nginx","_PID":"42","MESSAGE":"start\nsecond line"}
{"__REALTIME_TIMESTAMP":"1764000001000000","PRIORITY":"3","_SYSTEMD_UNIT":"nginx.service","MESSAGE":[27,91,51,49,109,98,97,100,255]}
{"__REALTIME_TIMESTAMP":"1764000002000000","PRIORITY":"4","_SYSTEMD_UNIT":"init.scope","UNIT":"nginx.service","_PID":"1","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"nginx.service: Failed"}
{"__REALTIME_TIMESTAMP":"1764000003000000","SYSLOG_IDENTIFIER":["kernel","linux"],"MESSAGE":null}
-- No entries --
"#;

    #[test]
    fn a_recorded_answer() {
        let report = JournalReport { entries: parse(RECORDED).unwrap() };
        let shown = nixi_core::text::clean(&report.to_string());
        insta::assert_snapshot!(shown, @r"
        4 entries, times in UTC
        2025-11-24 16:00:00  nginx.service: start
            second line
        2025-11-24 16:00:01  nginx.service err: bad�
        2025-11-24 16:00:02  nginx.service warning: nginx.service: Failed
        2025-11-24 16:00:03  kernel linux: (left out by journalctl: it is very long)
        ");
        assert_eq!(JournalReport { entries: parse("-- No entries --\n").unwrap() }.to_string(), "no entries");
    }

    #[test]
    fn what_is_no_entry() {
        for line in [
            "hello",
            "{}",
            "[]",
            r#"{"__REALTIME_TIMESTAMP":1}"#,
            r#"{"__REALTIME_TIMESTAMP":"-1"}"#,
            r#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":{}}"#,
            r#"{"__REALTIME_TIMESTAMP":"1","MESSAGE":[256]}"#,
            r#"{"__REALTIME_TIMESTAMP":"1","PRIORITY":"8"}"#,
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..RECORDED.len(), flip in any::<u8>()) {
            let mut broken = RECORDED.as_bytes().to_vec();
            broken[cut] = flip;
            for text in [&String::from_utf8_lossy(&bytes), &String::from_utf8_lossy(&broken)] {
                if let Ok(entries) = parse(text) {
                    let _ = JournalReport { entries }.to_string();
                }
            }
        }
    }
}
