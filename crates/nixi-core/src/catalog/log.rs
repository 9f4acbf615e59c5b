//! Reads of the journal.

use crate::command::{Command, Grep, Lines, LogPriority, Program, Read, TimeSpec, UnitName};

/// What to show of the journal; the newest lines that match.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Of this unit only.
    pub unit: Option<UnitName>,
    /// Not older than this.
    pub since: Option<TimeSpec>,
    /// Not newer than this.
    pub until: Option<TimeSpec>,
    /// This grave or graver.
    pub priority: Option<LogPriority>,
    /// Whose message matches this pattern.
    pub grep: Option<Grep>,
    /// At most this many.
    pub lines: Lines,
}

/// journalctl(1) with the rights of the login user: one JSON object a line. A user who does not see the whole journal
/// is not told here; see [`access`].
pub fn query(query: &Query) -> Command<Read> {
    let mut options = vec![format!("--lines={}", query.lines)];
    let mut option = |name: &str, value: Option<String>| {
        options.extend(value.map(|value| format!("--{name}={value}")));
    };
    option("unit", query.unit.as_ref().map(|unit| unit.qualified().to_string()));
    option("since", query.since.as_ref().map(ToString::to_string));
    option("until", query.until.as_ref().map(ToString::to_string));
    option("priority", query.priority.map(|priority| priority.as_str().to_owned()));
    option("grep", query.grep.as_ref().map(ToString::to_string));
    const FIELDS: &str = "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID";
    Command::read(Program::new("journalctl"), ["--output=json", FIELDS, "--no-pager"]).and(options)
}

/// The same with the rights of root, who sees everything.
pub fn query_as_root(of: &Query) -> Command<Read> {
    query(of).by_root()
}

/// Whether the login user sees the whole journal: if not, standard error says so. (For JSON journalctl keeps such
/// remarks to itself, so this shows a line in its usual form.)
pub fn access() -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--lines=1", "--no-pager"])
}

/// The last line that a unit itself wrote, and nothing about it, with the rights of the login user.
pub fn last_line(of: &UnitName) -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--output=cat", "--quiet", "--no-pager", "--lines=1"])
        .and([format!("_SYSTEMD_UNIT={}", of.qualified())])
}

/// The same with the rights of root.
pub fn last_line_as_root(of: &UnitName) -> Command<Read> {
    last_line(of).by_root()
}
