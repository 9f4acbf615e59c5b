//! Reads of the journal.
//!
//! # The newest lines that match, whatever the version
//!
//! `--lines=N` alone means the newest N in every version of journalctl. Beside other options it does not:
//!
//! | option | what `--lines=N` gives | versions | source |
//! |---|---|---|---|
//! | `--since` | the *oldest* N since then | to 253 | systemd#1477, #26657; mended in 254 (commit f582695107) |
//! | `--until` | nothing, where N newer ones are there | to 253 | systemd#26657; mended in 254 (81fb5375b3) |
//! | `--until` | entries *after* that time, where none is before it | 254 to 257 | systemd#38121, #38195 |
//! | `--grep` | matches among the newest N alone | to 252.4, 253 | systemd#25147; mended in 254 (db4691961c) and in 252-stable |
//! | `--grep` | the newest N, the newest *first* | from 254, 252-stable | the same; journalctl(1), `--lines` |
//!
//! `--reverse --lines=N` is answered alike by all of them since 245 (systemd#14552): `seek_journal` of
//! `src/journal/journalctl-show.c` (`run` of `journalctl.c` before 256) goes to `--until` or to the end, steps back
//! from there, ends at `--since`, and counts what it has shown. So that is how it is asked, always, and the order is
//! turned round on our side. What comes first is the newest: an answer that has to be cut short loses its oldest part.
//!
//! Where the clock of a node was set back, journalctl looks for times by halving and may begin in the wrong place (systemd#43805,
//! #37468), in each order; that is not mended by any way of asking.

use crate::command::{Command, Grep, Lines, LogPriority, Program, Read, TimeSpec, UnitName};
use crate::error::ToolError;
use crate::node::Node;
use crate::paste;

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

/// The fields that are read.
const FIELDS: &str = "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID";

/// journalctl(1) with the rights of the login user: one JSON object a line, the newest first. A user who does not see
/// the whole journal is not told here; see [`access`].
pub fn query(query: &Query) -> Command<Read> {
    let mut options = vec!["--reverse".to_owned(), format!("--lines={}", query.lines)];
    let mut option = |name: &str, value: Option<String>| {
        options.extend(value.map(|value| format!("--{name}={value}")));
    };
    option("unit", query.unit.as_ref().map(|unit| unit.qualified().to_string()));
    option("since", query.since.as_ref().map(ToString::to_string));
    option("until", query.until.as_ref().map(ToString::to_string));
    option("priority", query.priority.map(|priority| priority.as_str().to_owned()));
    option("grep", query.grep.as_ref().map(ToString::to_string));
    Command::read(Program::new("journalctl"), ["--output=json", FIELDS, "--no-pager"]).and(options)
}

/// The same without an end: the newest entries that match, the oldest first, and each that follows. Beside `since` their number
/// would mean the oldest ones, so it is left out there.
pub fn follow(of: &Query) -> Command<Read> {
    let mut options = vec!["--follow".to_owned()];
    let mut option = |name: &str, value: Option<String>| {
        options.extend(value.map(|value| format!("--{name}={value}")));
    };
    option("lines", of.since.is_none().then(|| of.lines.to_string()));
    option("unit", of.unit.as_ref().map(|unit| unit.qualified().to_string()));
    option("since", of.since.as_ref().map(ToString::to_string));
    option("priority", of.priority.map(|priority| priority.as_str().to_owned()));
    option("grep", of.grep.as_ref().map(ToString::to_string));
    Command::read(Program::new("journalctl"), ["--output=json", FIELDS, "--no-pager"]).and(options)
}

/// The same with the rights of root.
pub fn follow_as_root(of: &Query) -> Command<Read> {
    follow(of).by_root()
}

/// [`query()`] with the rights of root, who sees everything.
pub fn query_as_root(of: &Query) -> Command<Read> {
    query(of).by_root()
}

/// Whether the login user sees the whole journal: if not, standard error says so. (For JSON journalctl keeps such
/// remarks to itself, so this shows a line in its usual form.)
pub fn access() -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--lines=1", "--no-pager"])
}

/// The error where the login user does not see the whole journal and sudo does not help, with its words if there are any.
#[must_use]
pub fn hidden(node: &Node, words: Option<&str>) -> ToolError {
    let user = node.ssh().map_or_else(|| "the user".to_owned(), |ssh| ssh.user.to_string());
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    ToolError::Permission {
        message: format!(
            "{user} does not see the whole journal of {}, and sudo does not help{words}",
            node.name()
        ),
        hint: format!(
            "put {user} into the group systemd-journal (NixOS: users.users.{}.extraGroups = [ \"systemd-journal\" ])",
            node.ssh().map_or_else(|| "NAME".to_owned(), |ssh| paste::attribute(ssh.user.as_str()))
        ),
    }
}

/// The last lines of a unit that did not stay up, systemd's own remarks about it included.
pub(crate) fn last_words(of: &UnitName) -> Command<Read> {
    Command::read(Program::new("journalctl"), ["--output=cat", "--quiet", "--no-pager", "--lines=10"])
        .and([format!("--unit={}", of.qualified())])
        .by_root()
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

/// The same look by root: whether sudo lets journalctl run, and what is said beside it on this node.
pub fn access_as_root() -> Command<Read> {
    access().by_root()
}
