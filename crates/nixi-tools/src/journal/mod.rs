//! The journal: `journalctl --output=json`, one object a line, first as the login user and as root where that user
//! does not see everything.

mod entry;
pub(crate) mod newest;

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;

use futures_util::future::{Either, select};
use nixi_core::catalog::log::{self, Query};
use nixi_core::command::LogPriority;
use nixi_core::shell::Streams;
use nixi_core::text::clean_line;
use nixi_core::{Command, ExecError, Exit, InspectCx, Output, Read, ToolError, said};
use schemars::JsonSchema;
use serde::Serialize;

pub use entry::JournalEntry;
use newest::{Newest, Taken};

use crate::follow::{self, Lines};
use crate::reading::{run_whole, unreadable, whole_of};
use crate::rows::{LeftOut, write_left_out};
use crate::service;
use crate::table::count;

/// `data` of `log.query` and `service.logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JournalReport {
    /// The entries, the oldest first.
    pub entries: Vec<JournalEntry>,
    /// What could not be read, and what was not waited for.
    pub left_out: Vec<LeftOut>,
    /// How many entries came while the journal was followed; `entries` are the newest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<u64>,
}

/// How many of the entries that were followed are kept.
const KEPT: usize = 100;

/// An answer of journalctl, and how it ended.
struct Answer {
    command: Command<Read>,
    taken: Taken,
    end: End,
}

enum End {
    /// journalctl ended.
    Ended(Output),
    /// It was stopped, since there was enough.
    Enough,
    /// It took too long, and was stopped.
    Late(ExecError),
}

/// The newest entries that match, the oldest first. None at all of a unit that is not there is an error: it was most
/// likely a slip of the finger, and must not be read as quiet.
pub(crate) async fn entries(cx: &InspectCx<'_>, query: &Query) -> Result<JournalReport, ToolError> {
    let mut report = match by_user(cx, query).await? {
        Some((ours, Ok(access))) => report(cx, query, ours, By::User(Some(&access))).await?,
        // What was read stands, whatever became of the look beside it.
        Some((ours, Err(error))) => {
            let mut report = report(cx, query, ours, By::User(None)).await?;
            report.left_out.push(unknown(cx, &error));
            report
        }
        None => {
            let whole = newest(cx, log::query_as_root(query), query).await?;
            if whole.is_partial() {
                return Err(log::hidden(cx.node(), None));
            }
            report(cx, query, whole, By::Root).await?
        }
    };
    if let (true, Some(unit)) = (report.entries.is_empty(), &query.unit) {
        // The journal has answered: where this look fails there are no entries all the same.
        match service::is_there(cx, unit).await {
            Err(error @ (ToolError::NotFound { .. } | ToolError::Exec(ExecError::Cancelled))) => {
                return Err(error);
            }
            Ok(()) | Err(ToolError::Command { .. } | ToolError::ProgramMissing(_)) => {}
            Err(error) => {
                let why = format!("Nixi could not find out whether there is such a unit: {error}");
                report.left_out.push(LeftOut::new(unit.as_str(), &why));
            }
        }
    }
    Ok(report)
}

/// Follows the entries that match, and tells each as it comes, until the person has seen enough.
pub(crate) async fn follow(cx: &InspectCx<'_>, query: &Query) -> Result<JournalReport, ToolError> {
    if query.until.is_some() {
        let message = "`follow` has no end, so it does not go with `until`".to_owned();
        return Err(ToolError::BadArgument { message, hint: Some("leave one of them out".to_owned()) });
    }
    if let Some(unit) = &query.unit {
        // Where this look itself fails there may be such a unit all the same.
        if let Err(error @ (ToolError::NotFound { .. } | ToolError::Exec(_))) =
            service::is_there(cx, unit).await
        {
            return Err(error);
        }
    }
    let hides = said::hides_journal(&run_whole(cx, log::access()).await?.stderr);
    let command = if hides { log::follow_as_root(query) } else { log::follow(query) };
    let (mut lines, mut newest, mut count, mut odd) = (Lines::default(), VecDeque::new(), 0_u64, 0_u64);
    let end = cx
        .follow(command.clone(), Streams::Apart, |bytes| {
            let mut chunk = String::new();
            lines.take(bytes, |line| match entry::read(line) {
                Ok(read) => {
                    chunk.push_str(&follow::line(&words(&read.entry)));
                    count += 1;
                    if newest.len() == KEPT {
                        newest.pop_front();
                    }
                    newest.push_back(read.entry);
                }
                Err(_) => odd += 1,
            });
            if !chunk.is_empty() {
                cx.tell(&chunk);
            }
        })
        .await?;
    if let Some(output) = end.filter(|output| !output.exit.is_success()) {
        return Err(failure(cx, &command, &output, hides));
    }
    let left_out = (odd > 0).then(|| LeftOut::new(&count_of(odd), "it is no entry of the journal"));
    Ok(JournalReport {
        entries: newest.into(),
        left_out: left_out.into_iter().collect(),
        followed: Some(count),
    })
}

fn count_of(lines: u64) -> String {
    count(usize::try_from(lines).unwrap_or(usize::MAX), "line")
}

/// `2026-11-22 10:00:00  nginx.service err: it cannot go on`
fn words(entry: &JournalEntry) -> String {
    let time = entry.time.replacen('T', " ", 1);
    let grave = entry.priority.filter(|priority| is_grave(*priority));
    let grave = grave.map(|priority| format!(" {}", priority.as_str())).unwrap_or_default();
    let message = entry.message.as_deref().unwrap_or("(not shown: it is very long, or no text)").trim_end();
    format!("{}  {}{grave}: {message}", time.trim_end_matches('Z'), clean_line(&entry.source))
}

/// The login user's answer, with what was said beside a look of his that asks for nothing; `None` where he is known not to
/// see everything, so that root is to be asked. What takes long is stopped as soon as that is known, and what is late is
/// not asked again of root: a person has allowed one `command_timeout`.
async fn by_user(
    cx: &InspectCx<'_>,
    query: &Query,
) -> Result<Option<(Answer, Result<Output, ToolError>)>, ToolError> {
    let hides = |access: &Result<Output, ToolError>| {
        access.as_ref().is_ok_and(|access| said::hides_journal(&access.stderr))
    };
    let (ours, access) = if is_long(query) {
        let ours = pin!(newest(cx, log::query(query), query));
        let access = pin!(run_whole(cx, log::access()));
        match select(ours, access).await {
            Either::Left((ours, access)) => (ours?, access.await),
            Either::Right((access, _)) if hides(&access) => return Ok(None),
            Either::Right((access, ours)) => (ours.await?, access),
        }
    } else {
        // The look is quick, and has answered if the entries are late.
        let [access, ours] = cx.gather([log::access(), log::query(query)]).await;
        let (command, ours) = (ours.command().clone(), ours.output().map(Some));
        (taken(command, Newest::new(query.lines), ours)?, whole_of(access))
    };
    if let Err(error @ ToolError::Exec(ExecError::Cancelled | ExecError::CancelledUnsent)) = access {
        return Err(error);
    }
    match (ours.is_partial() || hides(&access), ours.end) {
        (true, End::Late(late)) => Err(too_late(late)),
        (true, End::Ended(_) | End::Enough) => Ok(None),
        (false, end) => Ok(Some((Answer { end, ..ours }, access))),
    }
}

fn too_late(late: ExecError) -> ToolError {
    ToolError::Reported(ToolError::Exec(late).report().hint(NARROWER))
}

fn unknown(cx: &InspectCx<'_>, error: &ToolError) -> LeftOut {
    let user = cx.node().ssh().map_or_else(|| "the user".to_owned(), |ssh| ssh.user.to_string());
    let why = format!("Nixi could not find out whether {user} sees the whole journal: {error}");
    LeftOut::new("entries that are hidden, if any", &why)
}

/// A search may take long and is worth what it has found by then, and many entries are many bytes: these are taken as
/// they come. A stream may cost a connection of its own, so that all else is asked for at once.
fn is_long(query: &Query) -> bool {
    query.grep.is_some() || u32::from(query.lines) > 1_000
}

async fn newest(cx: &InspectCx<'_>, command: Command<Read>, query: &Query) -> Result<Answer, ToolError> {
    let mut newest = Newest::new(query.lines);
    let ended = match is_long(query) {
        true => cx.stream(command.clone(), |bytes| newest.take(bytes)).await,
        false => cx.run(command.clone()).await.map(Some),
    };
    taken(command, newest, ended)
}

/// What was taken by the time that a read ended; of one that was stopped there is no output.
fn taken(
    command: Command<Read>,
    mut newest: Newest,
    ended: Result<Option<Output>, ToolError>,
) -> Result<Answer, ToolError> {
    let end = match ended {
        Ok(Some(output)) => {
            // Where it breaks off, all that could be kept is there.
            let _ = newest.take(&output.stdout);
            if output.truncated {
                newest.cut();
            }
            End::Ended(output)
        }
        Ok(None) => End::Enough,
        Err(ToolError::Exec(error @ ExecError::Deadline(_))) => End::Late(error),
        Err(error) => return Err(error),
    };
    Ok(Answer { command, taken: newest.end(), end })
}

/// Who asked, and for the login user what was said beside a look of his, where that is known.
#[derive(Clone, Copy)]
enum By<'a> {
    User(Option<&'a Output>),
    Root,
}

/// What an answer tells.
async fn report(
    cx: &InspectCx<'_>,
    query: &Query,
    answer: Answer,
    by: By<'_>,
) -> Result<JournalReport, ToolError> {
    let Answer { command, taken, end } = answer;
    let Taken { entries, mut left_out } = taken;
    if let (true, Some(odd), End::Ended(_) | End::Enough) = (entries.is_empty(), left_out.first(), &end) {
        return Err(unreadable(&command.to_string(), &format!("no line of it is an entry; {odd}")));
    }
    match end {
        End::Enough => {}
        End::Late(late) if entries.is_empty() => {
            return Err(too_late(late));
        }
        End::Late(late) => left_out.push(LeftOut::new("older entries", &format!("{late}; {NARROWER}"))),
        End::Ended(output) => {
            if lines(&output).any(|line| line.starts_with("No journal files were found")) {
                return Err(ToolError::NotFound {
                    message: format!("there is no journal on {}", cx.node().name()),
                    hint: Some("systemd-journald keeps one where it runs".to_owned()),
                });
            }
            if !output.exit.is_success() {
                let nothing = entries.is_empty() && query.grep.is_some();
                let error = failure(cx, &command, &output, matches!(by, By::Root));
                if !nothing || !found_nothing(cx, &output, &error, by).await {
                    return Err(error);
                }
            }
            left_out.extend(ignored_files(&output));
        }
    }
    Ok(JournalReport { entries, left_out, followed: None })
}

const NARROWER: &str = "narrow it with since, until or unit, or raise command_timeout in the configuration";

/// With --grep, no match ends like grep(1): with 1. Nothing else may have been said, remarks aside; what is also said on
/// this node beside a look that works is a remark, whatever its words.
async fn found_nothing(cx: &InspectCx<'_>, output: &Output, error: &ToolError, by: By<'_>) -> bool {
    let said: Vec<&str> = lines(output).filter(|line| !said::is_remark(line)).collect();
    if output.exit != Exit::Code(1) || !matches!(error, ToolError::Command { .. }) {
        return false;
    }
    if said.is_empty() {
        return true;
    }
    let by_root;
    let beside = match by {
        By::User(Some(access)) => access,
        // What was said is told then.
        By::User(None) => return false,
        By::Root => match run_whole(cx, log::access_as_root()).await {
            Ok(access) => {
                by_root = access;
                &by_root
            }
            Err(_) => return false,
        },
    };
    let is_beside = |line: &&str| lines(beside).any(|other| other == *line);
    beside.exit.is_success() && said.iter().all(is_beside)
}

/// The lines of standard error.
fn lines(output: &Output) -> impl Iterator<Item = &str> {
    // What is not UTF-8 cannot be one of the words that are looked for.
    output
        .stderr
        .split(|byte| *byte == b'\n')
        .map(|line| std::str::from_utf8(line).unwrap_or("\u{fffd}").trim_end())
}

impl Answer {
    fn is_partial(&self) -> bool {
        match &self.end {
            End::Ended(output) => said::hides_journal(&output.stderr),
            End::Enough | End::Late(_) => false,
        }
    }
}

/// Files of the journal that journalctl could not read: what is in them is missing from every answer.
fn ignored_files(output: &Output) -> Vec<LeftOut> {
    let ignored = lines(output).filter(|line| line.contains(", ignoring file"));
    let file = |line: &str| {
        let path = line
            .split([' ', ',', '\''])
            .find(|word| word.starts_with('/'))
            .unwrap_or("a file of the journal");
        LeftOut::new(path, line)
    };
    ignored.take(20).map(file).collect()
}

/// The error of a look that failed. What sudo would not run is the journal's own matter: there is another way to see it.
fn failure(cx: &InspectCx<'_>, command: &Command<Read>, output: &Output, by_root: bool) -> ToolError {
    let error = ToolError::of_output(&command.to_string(), command.program(), by_root, output);
    match &error {
        ToolError::SudoPassword { .. } | ToolError::SudoRefused { .. } => {
            log::hidden(cx.node(), said::refusal(output).map(|(_, words)| words).as_deref())
        }
        ToolError::SudoMissing => log::hidden(cx.node(), Some("there is none")),
        ToolError::Exec(_)
        | ToolError::Command { .. }
        | ToolError::ProgramMissing(_)
        | ToolError::Permission { .. }
        | ToolError::Unreadable { .. }
        | ToolError::BadArgument { .. }
        | ToolError::NotFound { .. }
        | ToolError::SecretsNeeded(_)
        | ToolError::Reported(_) => error,
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(followed) = self.followed {
            return write!(
                f,
                "followed {}",
                count(usize::try_from(followed).unwrap_or(usize::MAX), "entrie")
            );
        }
        match self.entries.len() {
            0 => f.write_str("no entries")?,
            1 => f.write_str("1 entry, times in UTC")?,
            many => write!(f, "{}, times in UTC", count(many, "entrie"))?,
        }
        for entry in &self.entries {
            write!(f, "\n{}", words(entry).replace('\n', "\n    "))?;
        }
        write_left_out(f, &self.left_out)
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
    use nixi_core::command::Lines;
    use proptest::prelude::*;

    /// From systemd 256, the newest first: too long, a field twice, about a unit, bytes with an escape sequence, plain.
    const RECORDED: &str = r#"{"__REALTIME_TIMESTAMP":"1764000003000000","SYSLOG_IDENTIFIER":["kernel","linux"],"MESSAGE":null}
{"__REALTIME_TIMESTAMP":"1764000002000000","PRIORITY":"4","_SYSTEMD_UNIT":"init.scope","UNIT":"nginx.service","_PID":"1","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"nginx.service: Failed"}
{"__REALTIME_TIMESTAMP":"1764000001000000","PRIORITY":"3","_SYSTEMD_UNIT":"nginx.service","MESSAGE":[27,91,51,49,109,98,97,100,255]}
{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1764000000123456","PRIORITY":"6","_SYSTEMD_UNIT":"nginx.service","SYSLOG_IDENTIFIER":"nginx","_PID":"42","MESSAGE":"start\nsecond line"}
-- No entries --
"#;

    fn read(answer: &[u8]) -> JournalReport {
        let mut newest = Newest::new(Lines::USUAL);
        let _ = newest.take(answer);
        let Taken { entries, left_out } = newest.end();
        JournalReport { entries, left_out, followed: None }
    }

    #[test]
    fn a_recorded_answer() {
        let shown = nixi_core::text::clean(&read(RECORDED.as_bytes()).to_string());
        insta::assert_snapshot!(shown, @r"
        4 entries, times in UTC
        2025-11-24 16:00:00  nginx.service: start
            second line
        2025-11-24 16:00:01  nginx.service err: bad�
        2025-11-24 16:00:02  nginx.service warning: nginx.service: Failed
        2025-11-24 16:00:03  kernel linux: (not shown: it is very long, or no text)
        ");
        assert_eq!(read(b"-- No entries --\n").to_string(), "no entries");
    }

    #[test]
    fn a_file_that_journalctl_passes_over_is_named() {
        let said =
            "Journal file /var/log/journal/0f/system@1.journal is truncated, ignoring file.\nsudo: x\n";
        let output = Output { exit: Exit::Code(0), stdout: vec![], stderr: said.into(), truncated: false };
        let [file] = &ignored_files(&output)[..] else { panic!("one file") };
        assert_eq!(file.what, "/var/log/journal/0f/system@1.journal");
        assert!(file.why.contains("is truncated"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..RECORDED.len(), flip in any::<u8>()) {
            let mut broken = RECORDED.as_bytes().to_vec();
            broken[cut] = flip;
            let _ = read(&bytes).to_string();
            let _ = read(&broken).to_string();
        }
    }
}
