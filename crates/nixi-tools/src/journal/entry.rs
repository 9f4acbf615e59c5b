//! An entry of the journal, as `journalctl --output=json` prints it: an object a line.
//!
//! Any program on a node may write any field of an entry, whatever its name promises. What cannot be read of an entry
//! costs that field, and what is no entry at all costs that line; neither hides another.

use nixi_core::command::LogPriority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reading::json;
use nixi_core::colour;
use nixi_core::instant::Instant;

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
    /// What it says; `null` if journalctl left it out for its length, or if it is no text.
    pub message: Option<String>,
}

/// An entry that was read, with what is odd about it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) entry: JournalEntry,
    /// When, in microseconds.
    pub(super) at: u64,
    /// Fields that are neither text nor bytes, by their names.
    pub(super) odd: Vec<&'static str>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    time: Value,
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

/// Reads a line.
///
/// # Errors
/// If it is no JSON object, or has no time.
pub(super) fn read(line: &str) -> Result<Read, String> {
    let raw: Raw = json(line)?;
    let time = || "its time is not a number of microseconds".to_owned();
    let at: u64 = text(&raw.time).and_then(|time| time.parse().ok()).ok_or_else(time)?;
    let mut odd = Vec::new();
    let mut field = |name: &'static str, value: &Value| {
        let text = text(value);
        if text.is_none() && !value.is_null() {
            odd.push(name);
        }
        text
    };
    let message = field("MESSAGE", &raw.message);
    let names = [
        field("UNIT", &raw.about),
        field("_SYSTEMD_UNIT", &raw.unit),
        field("SYSLOG_IDENTIFIER", &raw.identifier),
        field("_COMM", &raw.program),
    ];
    // The kernel and short-lived programs have no unit of their own.
    let source = names.into_iter().flatten().find(|name| name != "init.scope" && !name.is_empty());
    let entry = JournalEntry {
        time: Instant::of_micros(at).rfc3339(),
        priority: priority(&raw.priority),
        source: source.unwrap_or_else(|| "-".to_owned()),
        pid: text(&raw.pid).and_then(|pid| pid.parse().ok()),
        message: message.map(|text| colour::removed(&text)),
    };
    Ok(Read { entry, at, odd })
}

/// The levels are 0 to 7, and a program may write whatever it likes: all else is no level.
fn priority(value: &Value) -> Option<LogPriority> {
    if value.is_number() {
        return None;
    }
    match text(value)?.as_bytes() {
        [digit @ b'0'..=b'7'] => LogPriority::ALL.get(usize::from(digit - b'0')).copied(),
        _ => None,
    }
}

/// A field is text, bytes where it is not printable, `null` where it is very long, and a list of these where it is
/// there several times. Some forwarders write plain numbers, too. `None` if it is none of these.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            let byte = |item: &Value| item.as_u64().and_then(|byte| u8::try_from(byte).ok());
            let bytes: Vec<u8> = items.iter().map(byte).collect::<Option<_>>()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        Value::Array(items) => {
            let each = |item: &Value| if item.is_null() { Some(None) } else { text(item).map(Some) };
            let texts = items.iter().map(each).collect::<Option<Vec<Option<String>>>>()?;
            Some(texts.into_iter().flatten().collect::<Vec<_>>().join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(field: &str, value: &Value) -> Read {
        let mut entry = json!({"__REALTIME_TIMESTAMP": "1767261600000000", "PRIORITY": "6", "MESSAGE": "m", "_COMM": "app"});
        entry[field] = value.clone();
        read(&entry.to_string()).unwrap()
    }

    #[test]
    fn a_priority_of_any_shape_loses_no_entry() {
        for (value, level) in [
            (json!("6"), Some(LogPriority::Info)),
            (json!([51]), Some(LogPriority::Err)),
            (json!(null), None),
            (json!("30"), None),
            (json!("Priority.DEBUG"), None),
            (json!(["6", "3"]), None),
            (json!(""), None),
            (json!("8"), None),
            (json!("-1"), None),
            (json!("+6"), None),
            (json!("06"), None),
            (json!(" 6"), None),
            (json!("6\n"), None),
            (json!("info"), None),
            (json!("\u{ff16}"), None),
            (json!(6), None),
            (json!(6.0), None),
            (json!(true), None),
            (json!({"level": 6}), None),
            (json!([256]), None),
            (json!([]), None),
        ] {
            let read = with("PRIORITY", &value);
            assert_eq!(read.entry.priority, level, "{value}");
            assert_eq!((read.entry.message.as_deref(), read.odd.len()), (Some("m"), 0), "{value}");
        }
    }

    #[test]
    fn a_message_of_any_shape_loses_no_entry() {
        for (value, message) in [
            (json!("text"), Some("text")),
            (json!([98, 97, 100, 255]), Some("bad\u{fffd}")),
            (json!([]), Some("")),
            (json!(["a", "b"]), Some("a\nb")),
            (json!(["a", [98], null]), Some("a\nb")),
            (json!(42), Some("42")),
            (json!(-1.5), Some("-1.5")),
            (json!(false), Some("false")),
            (json!(null), None),
        ] {
            let read = with("MESSAGE", &value);
            assert_eq!((read.entry.message.as_deref(), read.odd), (message, vec![]), "{value}");
        }
        for value in
            [json!({}), json!({"text": "x"}), json!([256]), json!([-1]), json!([1.5]), json!(["a", {}])]
        {
            let read = with("MESSAGE", &value);
            assert_eq!((read.entry.message, read.odd), (None, vec!["MESSAGE"]), "{value}");
        }
    }

    #[test]
    fn an_odd_name_gives_way_to_the_next() {
        for value in [json!({}), json!([256]), json!(["a", {}])] {
            for name in ["UNIT", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER"] {
                let read = with(name, &value);
                assert_eq!((read.entry.source.as_str(), read.odd), ("app", vec![name]), "{value}");
            }
        }
        assert_eq!(with("UNIT", &json!(7)).entry.source, "7");
        assert_eq!(with("_PID", &json!(["1", "2"])).entry.pid, None);
        assert_eq!(with("_PID", &json!(12)).entry.pid, Some(12));
    }

    #[test]
    fn what_is_no_entry() {
        for line in [
            "hello",
            "{}",
            "[]",
            "null",
            r#"{"__REALTIME_TIMESTAMP":{}}"#,
            r#"{"__REALTIME_TIMESTAMP":"-1"}"#,
            r#"{"__REALTIME_TIMESTAMP":"1767261600000000","MESSAGE":"cut sho"#,
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
