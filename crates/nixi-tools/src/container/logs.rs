//! `container.logs`

use std::fmt;

use nixi_core::catalog::container;
use nixi_core::colour;
use nixi_core::command::{ContainerName, Lines, TimeSpec};
use nixi_core::instant::Instant;
use nixi_core::shell::Streams;
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Inspect, InspectCx, Output, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::output::{Merged, OutputLine, merged};
use super::store::{self, Ground};
use super::{list, lookup};
use crate::follow;
use crate::reading::unreadable;
use crate::table::count;

/// The last lines that a container wrote.
pub struct Logs;

/// Parameters of `container.logs`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogsArgs {
    /// Which one
    #[schemars(with = "String")]
    pub name: ContainerName,
    /// Last lines (100)
    pub lines: Option<Lines>,
    /// As `1h ago` or `2026-11-22 10:00`
    #[schemars(with = "Option<String>")]
    pub since: Option<TimeSpec>,
    /// Goes on until it is stopped
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
}

/// `data` of `container.logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogsReport {
    /// The container, as it was asked for.
    pub name: String,
    /// The lines, the oldest first.
    pub lines: Vec<OutputLine>,
    /// Lines without a time that are not of the log: remarks of the runtime, sudo or a shell on the node, or what the
    /// container wrote to look like one.
    pub notices: Vec<String>,
    /// How many of the last notices came once the log had begun, so that anybody may have written them.
    #[serde(skip)]
    pub(crate) late: usize,
    /// How many lines came while the log was followed. They were told as they came, and are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<u64>,
}

impl Inspect for Logs {
    type Args = LogsArgs;
    type Report = LogsReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("container", "logs"),
            "what a container wrote last",
            ReadCapability::ContainerStatus,
        )
        .example(json!({"name": "web"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: LogsArgs) -> Result<LogsReport, ToolError> {
        let since = args.since.as_ref().map(for_runtimes).transpose()?;
        let lines = args.lines.unwrap_or_default();
        let ground = store::ground(cx).await;
        if args.follow {
            return follow(cx, ground, &args.name, lines, since.as_ref()).await;
        }
        let command = container::logs(ground.cli, &args.name, lines, since.as_ref());
        let shown = command.to_string();
        let output = lookup::run(cx, ground, std::slice::from_ref(&args.name), command).await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Merged { lines, notices, late } =
            merged(&text(&output.stdout), &text(&output.stderr)).map_err(|why| unreadable(&shown, &why))?;
        Ok(LogsReport { name: args.name.to_string(), lines, notices, late, followed: None })
    }
}

/// Follows what a container writes to both of its streams, and tells it as it comes.
async fn follow(
    cx: &InspectCx<'_>,
    ground: Ground,
    name: &ContainerName,
    lines: Lines,
    since: Option<&TimeSpec>,
) -> Result<LogsReport, ToolError> {
    let there = list::all(cx, ground).await?;
    if lookup::find(&there.rows, name).is_empty() {
        return Err(lookup::not_found(cx, ground.cli, &[name], &there));
    }
    let command = container::follow(ground.cli, name, lines, since);
    let (mut cut, mut count, mut remarks) = (follow::Lines::default(), 0_u64, String::new());
    let end = cx
        .follow(command.clone(), Streams::Together, |bytes| {
            let mut chunk = String::new();
            cut.take(bytes, |line| match words(line) {
                // Before the log begins, others speak: they tell why it does not.
                Words::Untimed(_) if count == 0 && remarks.len() < REMARKS => {
                    remarks.push_str(line);
                    remarks.push('\n');
                }
                Words::Timed(words) | Words::Untimed(words) => {
                    count += 1;
                    chunk.push_str(&follow::line(&words));
                }
            });
            if !chunk.is_empty() {
                cx.tell(&chunk);
            }
        })
        .await?;
    if let Some(output) = end.filter(|output| !output.exit.is_success()) {
        let output = Output { stderr: remarks.into_bytes(), ..output };
        return Err(ToolError::of_output(&command.to_string(), ground.cli.program(), true, &output));
    }
    let (name, lines, notices) = (name.to_string(), Vec::new(), Vec::new());
    Ok(LogsReport { name, lines, notices, late: 0, followed: Some(count) })
}

/// The most bytes that are kept of what is said before a log begins.
const REMARKS: usize = 4096;

/// A line as people read it.
enum Words {
    /// With its time.
    Timed(String),
    /// Without one: the next line of an entry, or a remark of the runtime.
    Untimed(String),
}

fn words(line: &str) -> Words {
    let timed = line.split_once(' ').and_then(|(time, text)| Some((Instant::parse(time)?, text)));
    match timed {
        Some((at, text)) => {
            let time = at.rfc3339().replacen('T', " ", 1);
            Words::Timed(format!("{}  {}", time.trim_end_matches('Z'), colour::removed(text)))
        }
        None => Words::Untimed(format!("    {}", colour::removed(line))),
    }
}

/// journalctl reads `1h ago` and `2026-11-22 10:00`; podman and docker want `3600s` and a `T` between date and time.
fn for_runtimes(spec: &TimeSpec) -> Result<TimeSpec, ToolError> {
    let text = spec.as_str().trim();
    let dated = text.len() >= 10 && text.as_bytes().get(4) == Some(&b'-');
    let rewritten = match text.strip_suffix(" ago") {
        Some(span) => seconds(span).map(|seconds| format!("{seconds}s")),
        None if dated => Some(text.replacen(' ', "T", 1)),
        None => seconds(text).map(|seconds| format!("{seconds}s")),
    };
    rewritten.and_then(|text| text.parse().ok()).ok_or_else(|| ToolError::BadArgument {
        message: format!("since: {text:?} is not a time that container runtimes know"),
        hint: Some("write it as `90min ago` or `2026-11-22 10:00`".to_owned()),
    })
}

/// `1h 30min`, `2 days`: the units of systemd.time(7) up to weeks.
fn seconds(span: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = span.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let unit_ends = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_ends);
        let factor = match unit {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = next.trim_start();
    }
    // Go counts durations in nanoseconds of an i64: about 292 years.
    (total <= 9_000_000_000).then_some(total)
}

impl fmt::Display for LogsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(followed) = self.followed {
            let lines = usize::try_from(followed).unwrap_or(usize::MAX);
            return write!(f, "followed {} of {}", count(lines, "line"), clean_line(&self.name));
        }
        match self.lines.is_empty() {
            true => write!(f, "{} wrote nothing", clean_line(&self.name))?,
            false => write!(f, "{} (times in UTC)", clean_line(&self.name))?,
        }
        for line in &self.lines {
            let time = line.time.replacen('T', " ", 1);
            write!(f, "\n{}  {}", time.trim_end_matches('Z'), line.text.replace('\n', "\n    "))?;
        }
        let (before, late) = self.notices.split_at(self.notices.len().saturating_sub(self.late));
        for notice in before {
            write!(f, "\nnotice: {notice}")?;
        }
        for line in late {
            write!(f, "\nwithout a time, perhaps by the container: {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_for_runtimes() {
        let rewritten = |text: &str| for_runtimes(&text.parse().unwrap()).map(|spec| spec.to_string()).ok();
        assert_eq!(rewritten("1h ago").unwrap(), "3600s");
        assert_eq!(rewritten("2 days 30min ago").unwrap(), "174600s");
        assert_eq!(rewritten("90s").unwrap(), "90s");
        assert_eq!(rewritten("2026-11-22 10:00").unwrap(), "2026-11-22T10:00");
        assert_eq!(rewritten("2026-11-22").unwrap(), "2026-11-22");
        for text in ["yesterday", "ago", " ago", "1 fortnight ago", "99999999999999999999h", "h"] {
            assert_eq!(rewritten(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-zA-Z0-9 :+.-]{1,64}") {
            if let Ok(spec) = text.parse() {
                let _ = for_runtimes(&spec);
            }
        }
    }
}
