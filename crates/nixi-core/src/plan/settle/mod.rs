//! Waiting until what was started has settled: the program that starts it says so before it is known to stay up.
//!
//! All that is sent are reads, which may be repeated. How it ended is what the node says; a node that does not tell
//! leaves it `unknown`.

mod container;
mod unit;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::applied::{done, failed};
use super::bench::Bench;
use super::{Approved, StepReport, StepStatus};
use crate::catalog;
use crate::command::{Command, ContainerId, Excerpt, Read, UnitName};
use crate::config::Runtime;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{Invocation, Output};
use crate::session::Event;
use crate::text;

/// How long it has to run without a change to count as settled.
const STILL: Duration = Duration::from_secs(3);
/// How long it is waited for at most, a connection that is lost meanwhile included.
const WITHIN: Duration = Duration::from_secs(20);
/// How long the node rests between two questions.
const REST: Duration = Duration::from_millis(250);
/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(10);

/// A step that waits until what an earlier step started stays up, or has died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settle(What);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Unit(UnitName),
    Container { runtime: Runtime, id: ContainerId, name: String },
}

impl Settle {
    /// Waits for a unit.
    #[must_use]
    pub fn unit(name: &UnitName) -> Self {
        Self(What::Unit(name.qualified()))
    }

    /// Waits for a container, which people know by this name.
    #[must_use]
    pub fn container(runtime: Runtime, id: ContainerId, name: impl Into<String>) -> Self {
        Self(What::Container { runtime, id, name: name.into() })
    }

    fn name(&self) -> String {
        match &self.0 {
            What::Unit(unit) => unit.to_string(),
            What::Container { name, .. } => text::clean_line(name),
        }
    }

    pub(super) fn read(&self) -> Command<Read> {
        match &self.0 {
            What::Unit(unit) => catalog::service::settling(unit),
            What::Container { runtime, id, .. } => catalog::container::inspect_by_id(*runtime, id),
        }
    }

    fn last_words(&self) -> Command<Read> {
        match &self.0 {
            What::Unit(unit) => catalog::log::last_words(unit),
            What::Container { runtime, id, .. } => catalog::container::last_words(*runtime, id),
        }
    }

    fn look(&self, output: &Output) -> Result<Look, ToolError> {
        let read = self.read();
        match &self.0 {
            What::Container { .. } if container::is_gone(output) => return Ok(Look::Gone),
            What::Unit(_) | What::Container { .. } => {}
        }
        if !output.exit.is_success() {
            let elevated = matches!(self.0, What::Container { .. });
            return Err(ToolError::of_output(&read.to_string(), read.program(), elevated, output));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let look = match &self.0 {
            What::Unit(unit) => unit::look(unit, &printed),
            What::Container { .. } => container::look(&printed),
        };
        look.ok_or_else(|| ToolError::Unreadable {
            command: read.to_string(),
            why: "it tells no state".to_owned(),
        })
    }

    fn more(&self, node: &str) -> String {
        match &self.0 {
            What::Unit(unit) => format!("`nixi call service.logs name={unit} --node {node}` shows more"),
            What::Container { id, .. } => {
                format!("`nixi call container.logs name={} --node {node}` shows more", short(id))
            }
        }
    }
}

fn short(id: &ContainerId) -> &str {
    id.as_str().get(..12).unwrap_or(id.as_str())
}

/// As a person reads it in a plan.
impl fmt::Display for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (still, within) = (STILL.as_secs(), WITHIN.as_secs());
        write!(f, "wait until {} has stayed up for {still} s, at most {within} s", self.name())
    }
}

/// What one look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    /// It is on its way up or down, in these words.
    Moving(String),
    /// It runs.
    Up(Run),
    /// There is nothing left to wait for; what a person should know of it, if anything.
    Settled(Option<String>),
    /// It has died, in these words.
    Down(String),
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

/// Waits, and reports how it ended.
pub(super) async fn run(
    settle: &Settle,
    shown: String,
    approved: &Approved,
    bench: &Bench<'_>,
) -> StepReport {
    let waiting = Waiting { settle, shown, approved, bench };
    let node = waiting.node();
    bench.audience.hear(Event::Notice(format!("waiting until {} on {node} has settled", settle.name())));
    let found = tokio::select! {
        biased;
        () = bench.cancel.cancelled() => return waiting.interrupted(),
        found = waiting.follow() => found,
    };
    waiting.report(found).await
}

/// What it said last, where something that was to start it failed.
pub(super) async fn with_last_words(
    settle: &Settle,
    report: StepReport,
    approved: &Approved,
    bench: &Bench<'_>,
) -> StepReport {
    let waiting = Waiting { settle, shown: report.step.clone(), approved, bench };
    match (&report.error, waiting.words().await) {
        (Some(error), Some(words)) if error.kind == ErrorKind::CommandFailed => {
            let message = format!("{}; {} said last:\n{words}", error.message.trim_end(), settle.name());
            let told = ErrorReport::new(error.kind, message);
            let hint = error.hint.clone().unwrap_or_else(|| settle.more(&waiting.node()));
            StepReport { error: Some(told.hint(hint)), ..report }
        }
        (Some(_) | None, _) => report,
    }
}

/// What waiting came to.
enum Found {
    Settled(Option<String>),
    Down(String),
    Gone,
    /// It was not told in time.
    Late(Result<String, ToolError>),
}

struct Waiting<'a> {
    settle: &'a Settle,
    shown: String,
    approved: &'a Approved,
    bench: &'a Bench<'a>,
}

impl Waiting<'_> {
    fn node(&self) -> String {
        self.approved.writable.node().name().to_string()
    }

    async fn follow(&self) -> Found {
        let until = Instant::now() + WITHIN;
        let mut up: Option<(Run, Instant)> = None;
        loop {
            let look = self.look().await;
            let now = Instant::now();
            let late = match look {
                Ok(Look::Settled(words)) => return Found::Settled(words),
                Ok(Look::Down(words)) => return Found::Down(words),
                Ok(Look::Gone) => return Found::Gone,
                Ok(Look::Moving(words)) => Ok(words),
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
                    Ok("it does not run for long enough".to_owned())
                }
                Err(error) => Err(error),
            };
            if now >= until {
                return Found::Late(late);
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn look(&self) -> Result<Look, ToolError> {
        self.settle.look(&self.ask(&self.settle.read()).await?)
    }

    async fn ask(&self, read: &Command<Read>) -> Result<Output, ToolError> {
        let deadline = QUESTION.min(self.bench.settings.command_timeout);
        let node = self.approved.writable.node();
        let read = Invocation::read(node, read, deadline, self.bench.cancel.clone());
        Ok(self.bench.executor.exec(read.pinned(self.approved.host_key.as_ref())).await?)
    }

    /// The last lines of its log, which are left out if they are not to be had.
    async fn words(&self) -> Option<String> {
        let output = self.ask(&self.settle.last_words()).await.ok()?;
        let said = [output.stdout, output.stderr].concat();
        let said = text::clean(&Excerpt::of(&String::from_utf8_lossy(&said)).to_string());
        (output.exit.is_success() && !said.is_empty()).then_some(said)
    }

    async fn report(self, found: Found) -> StepReport {
        let (name, node) = (self.settle.name(), self.node());
        match found {
            Found::Settled(words) => done(self.shown, words.map(|words| format!("{name}: {words}"))),
            Found::Down(why) => {
                let last = match self.words().await {
                    Some(words) => format!("; it said last:\n{words}"),
                    None => "; its log tells nothing".to_owned(),
                };
                let error = ErrorReport::new(
                    ErrorKind::CommandFailed,
                    format!("{name} does not stay up: {why}{last}"),
                );
                failed(self.shown, error.hint(self.settle.more(&node)))
            }
            Found::Gone => self.unknown(
                ErrorKind::Lost,
                format!("{name} was started and is gone: {node} has no record of how it ended"),
            ),
            Found::Late(Ok(words)) => self
                .unknown(ErrorKind::Deadline, format!("{name} has not settled within {WITHIN:?}: {words}")),
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
        let message =
            format!("{} was started, and it was not waited for whether it stays up", self.settle.name());
        self.unknown(ErrorKind::Cancelled, message)
    }

    fn unknown(self, kind: ErrorKind, message: String) -> StepReport {
        let hint = format!(
            "look at {} on {} before you go on; nothing is sent twice",
            self.settle.name(),
            self.node()
        );
        let error = Some(ErrorReport::new(kind, message).hint(hint));
        StepReport { step: self.shown, status: StepStatus::Unknown, output: None, error }
    }
}
