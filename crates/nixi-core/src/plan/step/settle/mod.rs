//! Waiting until what was started has settled: the program that starts it says so before it is known to stay up.
//!
//! All that is sent are reads, which may be repeated. How it ended is what the node says; a node that does not tell
//! leaves it `unknown`.

mod container;
mod unit;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Kind;
use crate::catalog;
use crate::colour;
use crate::command::{Command, ContainerCli, ContainerName, Excerpt, Login, Read, UnitName};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Invocation, Output};
use crate::plan::applied::{self, done, failed};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, Progress, StepReport, Turn};
use crate::text;
use crate::timed;

/// How long it has to run without a change to count as settled.
const STILL: Duration = Duration::from_secs(3);
/// How long it is waited for at most, a connection that is lost meanwhile included.
const WITHIN: Duration = Duration::from_secs(20);
/// How long an answer of its health check is waited for: an interval and a start period are 30 s each as a rule.
const EXAMINED_WITHIN: Duration = Duration::from_secs(120);
/// How long the node rests between two questions.
const REST: Duration = Duration::from_millis(250);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(10);

/// A step that waits until what an earlier step started stays up, or has died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settle {
    what: What,
    /// The step that starts it, counted from 0.
    started_by: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Unit(UnitName),
    Container { cli: ContainerCli, of: ContainerName, name: String },
}

impl Settle {
    /// Waits for a unit that this step of the plan starts, counted from 0.
    #[must_use]
    pub fn unit(name: &UnitName, started_by: usize) -> Self {
        Self { what: What::Unit(name.qualified()), started_by }
    }

    /// Waits for a container, which people know by this name, and which this step of the plan starts, counted from 0.
    #[must_use]
    pub fn container(
        cli: ContainerCli,
        of: impl Into<ContainerName>,
        name: impl Into<String>,
        started_by: usize,
    ) -> Self {
        Self { what: What::Container { cli, of: of.into(), name: name.into() }, started_by }
    }

    fn name(&self) -> String {
        match &self.what {
            What::Unit(unit) => unit.to_string(),
            What::Container { name, .. } => text::clean_line(name),
        }
    }

    fn read(&self) -> Command<Read> {
        match &self.what {
            What::Unit(unit) => catalog::service::settling(unit),
            What::Container { cli, of, .. } => catalog::container::inspect_one(*cli, of),
        }
    }

    fn last_words(&self) -> Command<Read> {
        match &self.what {
            What::Unit(unit) => catalog::log::last_words(unit),
            What::Container { cli, of, .. } => catalog::container::last_words(*cli, of),
        }
    }

    fn look(&self, output: &Output) -> Result<Look, ToolError> {
        let read = self.read();
        match &self.what {
            What::Container { .. } if container::is_gone(output) => return Ok(Look::Gone),
            What::Unit(_) | What::Container { .. } => {}
        }
        if !output.exit.is_success() {
            let elevated = matches!(self.what, What::Container { .. });
            return Err(ToolError::of_output(&read.to_string(), read.program(), elevated, output));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let look = match &self.what {
            What::Unit(unit) => unit::look(unit, &printed),
            What::Container { .. } => container::look(&printed),
        };
        look.ok_or_else(|| ToolError::Unreadable {
            command: read.to_string(),
            why: "it tells no state".to_owned(),
        })
    }

    fn more(&self, node: &str) -> String {
        match &self.what {
            What::Unit(unit) => format!("`nixi call service.logs name={unit} --node {node}` shows more"),
            What::Container { of, .. } => {
                format!("`nixi call container.logs name={} --node {node}` shows more", short(of))
            }
        }
    }
}

/// A name, or the first digits of an id.
fn short(of: &ContainerName) -> &str {
    match of.as_str() {
        id if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) => id.get(..12).unwrap_or(id),
        name => name,
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (still, within) = (STILL.as_secs(), WITHIN.as_secs());
        write!(f, "wait until {} has stayed up for {still} s, at most {within} s", self.name())?;
        match self.what {
            What::Unit(_) => Ok(()),
            What::Container { .. } => {
                write!(f, " ({} s if it has a health check, which has to pass)", EXAMINED_WITHIN.as_secs())
            }
        }
    }
}

#[async_trait]
impl Kind for Settle {
    fn tells_of(&self) -> Option<usize> {
        Some(self.started_by)
    }

    fn line(&self, _: Login) -> String {
        self.to_string()
    }

    /// With the words that say for how long, and what it is asked by.
    fn digest(&self) -> PlanDigest {
        let asked = (self.read().to_string(), self.last_words().to_string());
        PlanDigest::of_value(&("settle", self, self.to_string(), asked))
    }

    async fn run(&self, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        run(self, turn, approved, cx).await
    }

    async fn explain(&self, failed: StepReport, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        with_last_words(self, failed, approved, cx).await
    }
}

/// What one look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    /// It is on its way up or down, in these words.
    Moving(String),
    /// It runs, and its health check is still to answer.
    Examined(String),
    /// It runs.
    Up(Run),
    /// There is nothing left to wait for; what a person should know of it, if anything.
    Settled(Option<String>),
    /// It has died, in these words.
    Down(String),
    /// It never ran, for this reason.
    Unstarted(String),
    /// There is no trace of it.
    Gone,
}

/// One run of it, as far as it can be told from the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    id: String,
    /// How often it was restarted by itself.
    restarts: Option<u64>,
}

impl Run {
    /// Whether it came of the death of that other one.
    fn is_next_of(&self, other: &Self) -> bool {
        match (other.restarts, self.restarts) {
            (Some(before), Some(now)) => now > before,
            (None, _) | (_, None) => self.id != other.id,
        }
    }
}

fn restarted(times: Option<u64>) -> String {
    match times {
        None | Some(0) => String::new(),
        Some(1) => ", restarted once so far".to_owned(),
        Some(times) => format!(", restarted {times} times so far"),
    }
}

/// Waits, and reports how it ended.
async fn run(
    settle: &Settle,
    Turn { shown, reporter, .. }: Turn<'_>,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> StepReport {
    let waiting = Waiting { settle, shown, approved, cx };
    reporter.tell(Progress::phase(format!("waiting until {} has settled", settle.name())));
    let found = tokio::select! {
        biased;
        () = cx.cancel.cancelled() => return waiting.interrupted(),
        found = waiting.follow() => found,
    };
    waiting.report(found).await
}

/// What it said last, where something that was to start it failed.
async fn with_last_words(
    settle: &Settle,
    report: StepReport,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> StepReport {
    let waiting = Waiting { settle, shown: report.step.clone(), approved, cx };
    let Some(error) = report.error.as_ref().filter(|error| error.kind == ErrorKind::CommandFailed) else {
        return report;
    };
    let words = match waiting.words().await {
        Words::Said(words) => format!("{} said last:\n{words}", settle.name()),
        Words::Nothing => return report,
        Words::Unread(why) => format!("the log of {} could not be read: {why}", settle.name()),
    };
    let told = ErrorReport::new(error.kind, format!("{}; {words}", error.message.trim_end()));
    let hint = error.hint.clone().unwrap_or_else(|| waiting.more());
    StepReport { error: Some(told.hint(hint)), ..report }
}

/// What waiting came to.
enum Found {
    Settled(Option<String>),
    Down(String),
    Unstarted(String),
    Gone,
    /// It was not told in time.
    Late(Result<String, ToolError>),
}

/// What its log tells.
enum Words {
    Said(String),
    Nothing,
    Unread(String),
}

struct Waiting<'a> {
    settle: &'a Settle,
    shown: String,
    approved: &'a ApprovedPart,
    cx: &'a ApplyCx<'a>,
}

impl Waiting<'_> {
    fn node(&self) -> String {
        self.approved.node().name().to_string()
    }

    /// Where there is more to see of it: nowhere, if the plan takes back what was started.
    fn more(&self) -> String {
        let start = self.settle.started_by;
        let mut taken_back = self.approved.plan.steps.iter().filter_map(|step| step.kind().takes_back());
        match taken_back.any(|steps| *steps.start() < start && steps.contains(&start)) {
            true => format!(
                "the plan takes {} back, and its log goes with it: what it said last stands above",
                self.settle.name()
            ),
            false => self.settle.more(&self.node()),
        }
    }

    async fn follow(&self) -> Found {
        let begun = Instant::now();
        let mut until = begun + WITHIN;
        let mut up: Option<(Run, Instant)> = None;
        loop {
            let asked = Instant::now();
            let look = timeout_at(until, self.look()).await;
            let now = Instant::now();
            let look = look.unwrap_or_else(|_| {
                Err(ExecError::Deadline(Duration::from_secs((now - asked).as_secs())).into())
            });
            let late = match look {
                Ok(Look::Settled(words)) => return Found::Settled(words),
                Ok(Look::Down(words)) => return Found::Down(words),
                Ok(Look::Unstarted(why)) => return Found::Unstarted(why),
                Ok(Look::Gone) => return Found::Gone,
                Ok(Look::Moving(words)) => Ok(words),
                Ok(Look::Examined(words)) => {
                    until = begun + EXAMINED_WITHIN;
                    Ok(words)
                }
                Ok(Look::Up(run)) => {
                    match &up {
                        Some((first, _)) if run.is_next_of(first) => {
                            return Found::Down("it died and was started again".to_owned());
                        }
                        Some((first, since)) if run.id == first.id => {
                            if now - *since >= STILL {
                                return Found::Settled(None);
                            }
                        }
                        // Somebody else started it anew.
                        Some(_) | None => up = Some((run, now)),
                    }
                    Ok(format!("it had not stayed up for {} s", STILL.as_secs()))
                }
                Err(error) => Err(error),
            };
            sleep_until(until.min(now + REST)).await;
            if Instant::now() >= until {
                return Found::Late(late);
            }
        }
    }

    async fn look(&self) -> Result<Look, ToolError> {
        self.settle.look(&self.ask(&self.settle.read()).await?)
    }

    async fn ask(&self, read: &Command<Read>) -> Result<Output, ToolError> {
        let deadline = QUESTION.min(self.cx.settings.command_timeout);
        let node = self.approved.node();
        let read = Invocation::read(node, read, deadline, self.cx.cancel.clone());
        Ok(self.cx.executor.exec(read.pinned(self.approved.host_key())).await?)
    }

    /// The last lines of its log. What sudo, journalctl or the runtime say beside it is none of them.
    async fn words(&self) -> Words {
        match self.log().await {
            Ok(log) => match text::clean(&Excerpt::of(&log).to_string()) {
                said if said.is_empty() => Words::Nothing,
                said => Words::Said(said),
            },
            Err(error) => Words::Unread(error.report().message),
        }
    }

    async fn log(&self) -> Result<String, ToolError> {
        let read = self.settle.last_words();
        let output = self.ask(&read).await?;
        if !output.exit.is_success() {
            return Err(ToolError::of_output(&read.to_string(), read.program(), true, &output));
        }
        let [stdout, stderr] =
            [&output.stdout, &output.stderr].map(|printed| String::from_utf8_lossy(printed));
        match &self.settle.what {
            What::Unit(_) => Ok(colour::removed(&stdout)),
            What::Container { .. } => {
                let log = timed::by_time(&stdout, &stderr)
                    .map_err(|why| ToolError::Unreadable { command: read.to_string(), why })?;
                let lines: Vec<String> = log.lines.into_iter().map(|line| line.text).collect();
                Ok(lines.join("\n"))
            }
        }
    }

    /// A failure, with its last words.
    async fn fail(self, what: String) -> StepReport {
        let last = match self.words().await {
            Words::Said(words) => format!("it said last:\n{words}"),
            Words::Nothing => "its log tells nothing".to_owned(),
            Words::Unread(why) => format!("its log could not be read: {why}"),
        };
        let error = ErrorReport::new(ErrorKind::CommandFailed, format!("{what}; {last}"));
        let hint = self.more();
        failed(self.shown, error.hint(hint))
    }

    async fn report(self, found: Found) -> StepReport {
        let (name, node) = (self.settle.name(), self.node());
        match found {
            Found::Settled(words) => done(self.shown, words.map(|words| format!("{name}: {words}"))),
            Found::Down(why) => self.fail(format!("{name} does not stay up: {why}")).await,
            Found::Unstarted(why) => {
                let error =
                    ErrorReport::new(ErrorKind::CommandFailed, format!("{name} was not started: {why}"));
                let hint = self.more();
                failed(self.shown, error.hint(hint))
            }
            Found::Gone => self.unknown(
                ErrorKind::Lost,
                format!("{name} was started and is gone: {node} has no record of how it ended"),
            ),
            Found::Late(Ok(words)) => {
                self.unknown(ErrorKind::Deadline, format!("{name} has not settled in time: {words}"))
            }
            Found::Late(Err(error)) => {
                let why = error.report().message;
                self.unknown(
                    ErrorKind::Lost,
                    format!("{name} was started, and {node} does not tell whether it stays up: {why}"),
                )
            }
        }
    }

    fn interrupted(self) -> StepReport {
        let message = format!(
            "{} was started, but Nixi stopped waiting to see whether it stays up",
            self.settle.name()
        );
        self.unknown(ErrorKind::Cancelled, message)
    }

    fn unknown(self, kind: ErrorKind, message: String) -> StepReport {
        let hint = format!(
            "check {} on {} before you go on; Nixi does not retry changes",
            self.settle.name(),
            self.node()
        );
        applied::unknown(self.shown, ErrorReport::new(kind, message).hint(hint))
    }
}
