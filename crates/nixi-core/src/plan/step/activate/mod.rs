//! Switching a node to a system that was built, and back unless that is confirmed over a new connection.
//!
//! **Invariant.** What goes back is on the node before it switches, and needs nobody: not us, not the connection, not the
//! network. A switch is confirmed only by who has just logged in over a connection made anew, and `done` only if the node says
//! that it took the confirmation.

mod reach;
mod state;
mod told;
pub(super) mod way;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Kind;
use super::config::unwritten;
use super::unit_names::unit_names;
use crate::catalog::{guard as catalog, lasting};
use crate::command::{ChangeId, Command, Login, Read, StorePath, Write, arm, confirm, refuse, watch_over};
use crate::config::{ConfigEdit, ConfigWriteError, OldNode};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Exit, Fingerprint, Input, Invocation, Output};
use crate::new_way::NewWay;
use crate::node::Node;
use crate::plan::applied::{failed, unended};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::progress::{Progress, Reporter};
use crate::plan::{ApprovedPart, PlanDigest, StepReport, StepStatus, StepView, Turn};
use crate::session::Event;
use crate::shell::GUARD;
use reach::At;
use state::{State, Why};
use way::Records;

/// How long each of the small commands may take.
const STEP: Duration = Duration::from_secs(60);
/// How long one look may take: on a connection that hangs, the next one is better asked over another.
const QUESTION: Duration = Duration::from_secs(5);
/// How long a switch may take, each way: what watches over it ends it then.
const SWITCH: Duration = Duration::from_secs(1260);
/// How much later than it should a node may go back and answer again.
const LATE: Duration = Duration::from_secs(90);
/// How long nothing may be there of a switch that was begun.
const UNSEEN: Duration = Duration::from_secs(15);
/// Between two looks: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Between two attempts to log in.
const AGAIN: Duration = Duration::from_secs(2);
/// What switch-to-configuration, or the script itself, says of an activation that failed, whatever the exit code.
const NOT_ACTIVATED: [&str; 2] = ["Failed to run activate script", "Activation script snippet"];
/// What failed, where it was no unit.
const SCRIPT: &str = "the activation script";
/// How long a confirmation may take that a person gave at the last moment.
const TO_CONFIRM: Duration = Duration::from_secs(5);
/// How long an interruption may take.
const STOP: Duration = Duration::from_millis(900);

/// A switch to a system that was built, which the node takes back by itself unless it is confirmed in time. The system that
/// boots next stays the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing by itself"]
pub struct Activate {
    new: StorePath,
    old: StorePath,
    patience: Duration,
    notes: Vec<String>,
    way: NewWay,
}

impl Activate {
    /// From the system that runs to another one. `patience` is how long the node waits to be told that it is still reached.
    pub fn new(new: StorePath, old: StorePath, patience: Duration) -> Self {
        Self { new, old, patience, notes: Vec::new(), way: NewWay::default() }
    }

    /// What comes of it, a line each: a person is shown that.
    pub fn noting(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// It changes the way to the node on purpose: it is confirmed over this one, and the steps that follow take it.
    pub fn moving(self, way: NewWay) -> Self {
        Self { way, ..self }
    }
}

impl Activate {
    /// What stands against a new way, before anything is switched.
    fn hindrance(&self, node: &Node, there: &Node, cx: &ApplyCx<'_>) -> Option<ErrorReport> {
        let is_there = |other: &&Node| other.name() != node.name() && other.spot() == there.spot();
        if let Some(other) = cx.nodes.iter().find(is_there) {
            let what = format!("{} would be where {} is ({})", node.name(), other.name(), other.mode());
            return Some(ErrorReport::new(ErrorKind::BadArgument, what));
        }
        let old = OldNode::of(node).filter(|_| self.way.is_declared_otherwise())?;
        match cx.config.preview(&ConfigEdit::MoveNode(old, self.way.clone())) {
            // That is a person's to change, and was said.
            Ok(_) | Err(ConfigWriteError::DeclaredBySystem { .. }) => None,
            Err(error) => Some(unwritten(&error)),
        }
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Activate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, old, patience, way, .. } = self;
        let by = if way.is_the_same() { String::new() } else { format!(" by its new way ({way})") };
        write!(
            f,
            "{}/bin/switch-to-configuration test, and back to {} unless the node is reached over a new connection{by} within {}s",
            new.as_str(),
            old.as_str(),
            patience.as_secs()
        )
    }
}

#[async_trait]
impl Kind for Activate {
    fn line(&self, login: Login) -> String {
        match login {
            Login::Root => self.to_string(),
            Login::Other => format!("sudo -n -- {self}"),
        }
    }

    fn view(&self, login: Login) -> StepView {
        StepView::of_line(&self.line(login)).with_notes(&self.notes)
    }

    fn digest(&self) -> PlanDigest {
        let words = (self.new.as_str(), self.old.as_str(), self.patience.as_secs(), &self.notes, &self.way);
        PlanDigest::of_value(&("activate", words, GUARD))
    }

    fn guard(&self) -> Option<Duration> {
        Some(self.patience)
    }

    fn leaves_record(&self) -> bool {
        true
    }

    async fn run(&self, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        let Turn { shown, id, reporter } = turn;
        let node = approved.node();
        let there = (!self.way.is_the_same()).then(|| self.way.to(node));
        if let Some(error) = there.as_ref().and_then(|there| self.hindrance(node, there, cx)) {
            return failed(shown, error);
        }
        let records = match &there {
            None => None,
            Some(_) => match Records::prepare(&self.way, node, cx).await {
                Ok(records) => records,
                Err(error) => return failed(shown, ErrorReport::new(ErrorKind::WriteFailed, error)),
            },
        };
        let switch = Switch {
            activate: self,
            id,
            node,
            there: there.as_ref(),
            met: OnceLock::new(),
            kept: OnceLock::new(),
            approved,
            cx,
            reporter,
        };
        let report = switch.run(shown).await;
        let has_moved = report.status == StepStatus::Done && switch.has_moved();
        if let Some((node, host_key)) = switch.met.into_inner().filter(|_| has_moved) {
            approved.moves(node, host_key);
            return report;
        }
        // Of one whose outcome is not known, both places stay on record.
        if let Some(records) = records.filter(|_| report.status != StepStatus::Unknown)
            && let Err(error) = records.take_back().await
        {
            let what = format!("the host keys of {} are not as they were: {error}", node.name());
            cx.audience.hear(Event::Notice(what));
        }
        report
    }
}

/// A switch on its way.
struct Switch<'a> {
    activate: &'a Activate,
    id: ChangeId,
    node: &'a Node,
    /// The node by its new way, where it has one.
    there: Option<&'a Node>,
    /// How it was met over a new connection, and with which host key.
    met: OnceLock<(Node, Option<Fingerprint>)>,
    /// What failed in the new system, which a person keeps all the same.
    kept: OnceLock<String>,
    approved: &'a ApprovedPart,
    cx: &'a ApplyCx<'a>,
    reporter: &'a Reporter<'a>,
}

/// What is known of a switch in the end.
enum LastKnown {
    /// What the node said last.
    Told(State),
    /// A unit failed that had not failed before, so the node was told to go back.
    NewlyFailed(State, Vec<String>),
    /// No new connection came about, for this reason; the last that the node said.
    NotReached(State, String),
    /// It was reached anew and could not be told that, for this reason; the last that the node said.
    NotTaken(State, String),
    /// The node did not tell how it ended.
    OutOfReach(ToolError),
    /// A person interrupted it; whether the node took that it should go back.
    Interrupted { told: bool },
}

impl Switch<'_> {
    async fn run(&self, shown: String) -> StepReport {
        self.tell(format!("arming the guard of {}", self.node.name()));
        let before = match self.failed_units().await {
            Ok(before) => before,
            Err(error) => return failed(shown, error.report()),
        };
        let (arm, script) = arm(&self.id);
        match self.send(&arm, Some(script.as_bytes().into()), STEP).await {
            Ok(output) if output.exit.is_success() => {}
            Ok(output) => {
                let error = ToolError::of_output(&arm.to_string(), arm.program(), true, &output);
                return failed(shown, error.report());
            }
            // Nothing has been switched, whatever became of the script.
            Err(error @ (ExecError::Lost(_) | ExecError::Deadline(_) | ExecError::Cancelled)) => {
                return failed(shown, ToolError::Exec(error).report());
            }
            Err(error) => return unended(shown, error, self.node),
        }
        let Activate { new, old, patience, .. } = self.activate;
        let begin = watch_over(&self.id, new, old, *patience);
        match self.send(&begin, None, STEP).await {
            Ok(output) if output.exit.is_success() => {}
            // Killed, it may have asked already; and systemd may have heard what it did not answer in time.
            Ok(output) if may_have_begun(&output) => {}
            Ok(output) => {
                let error = ToolError::of_output(&shown, begin.program(), true, &output);
                return failed(shown, error.report());
            }
            Err(ExecError::Lost(_) | ExecError::Deadline(_)) => {}
            Err(ExecError::Cancelled) => return self.told(shown, self.interrupted().await).await,
            Err(error) => return unended(shown, error, self.node),
        }
        let known = self.follow(before).await;
        self.told(shown, known).await
    }

    /// Waits until it has switched, confirms it, and waits until that is taken; or until the node has gone back.
    async fn follow(&self, before: Vec<String>) -> LastKnown {
        let switched = self.wait(SWITCH, |state| !matches!(state, State::Missing | State::Switching)).await;
        let code = match switched {
            Ok(State::Waiting(code)) => code,
            Ok(State::GoingBack(_)) => {
                return self.gone_back().await.map_or_else(|known| known, LastKnown::Told);
            }
            // It waited, and was not seen to.
            Ok(
                state @ (State::Back { why: Why::Unconfirmed, .. }
                | State::Stuck { why: Why::Unconfirmed, .. }),
            ) => {
                return LastKnown::NotReached(state, "no answer while it waited".to_owned());
            }
            Ok(state) => return LastKnown::Told(state),
            Err(known) => return known,
        };
        let since = Instant::now();
        self.tell(format!("reaching {} over a new connection", self.node.name()));
        if let Err(why) = self.reach_anew(since + self.activate.patience).await {
            return match why {
                None => self.interrupted().await,
                Some(why) => match self.gone_back().await {
                    Ok(state) => LastKnown::NotReached(state, why),
                    Err(known) => known,
                },
            };
        }
        let until = since + self.activate.patience;
        let after = loop {
            match self.failed_units().await {
                Ok(after) => break after,
                Err(ToolError::Exec(ExecError::Cancelled | ExecError::CancelledUnsent)) => {
                    return self.interrupted().await;
                }
                Err(error) if Instant::now() >= until => {
                    let why = error.report().message;
                    return match self.gone_back().await {
                        Ok(state) => LastKnown::NotReached(state, why),
                        Err(known) => known,
                    };
                }
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        };
        let mut new: Vec<String> = after.into_iter().filter(|unit| !before.contains(unit)).collect();
        // A unit that failed hides it in the exit code.
        if code != 0 && self.activation_failed().await {
            new.insert(0, SCRIPT.to_owned());
        }
        if !new.is_empty() && !self.keeps(&new, code, until).await {
            let _ = self.send(&refuse(&self.id), None, STEP).await;
            return match self.gone_back().await {
                Ok(state) => LastKnown::NewlyFailed(state, new),
                Err(known) => known,
            };
        }
        self.tell(format!("confirming the switch on {}", self.node.name()));
        let confirm = confirm(&self.id);
        loop {
            // Whether it was taken is for the node to say; why not, for who could not tell it.
            let refusal = match self.send(&confirm, None, QUESTION).await {
                Ok(output) if output.exit.is_success() => None,
                Ok(output) => {
                    Some(ToolError::of_output(&confirm.to_string(), confirm.program(), true, &output))
                }
                Err(error) => Some(ToolError::Exec(error)),
            };
            let limit = if Instant::now() >= until { LATE } else { QUESTION };
            match self.wait(limit, |state| !matches!(state, State::Waiting(_))).await {
                Ok(State::GoingBack(_)) => {
                    return match (self.gone_back().await, refusal) {
                        (Ok(state), Some(why)) => LastKnown::NotTaken(state, why.report().message),
                        (Ok(state), None) => LastKnown::Told(state),
                        (Err(known), _) => known,
                    };
                }
                Ok(state @ State::Back { .. }) if refusal.is_some() => {
                    let why = refusal.map(|why| why.report().message).unwrap_or_default();
                    return LastKnown::NotTaken(state, why);
                }
                Ok(state) => return LastKnown::Told(state),
                Err(LastKnown::Told(State::Waiting(_))) if limit != LATE => {}
                Err(LastKnown::OutOfReach(error)) if limit != LATE && !self.is_stranger(&error) => {}
                Err(known) => return known,
            }
        }
    }

    /// Whether a person keeps the new system, in which these units failed. Who does not answer in time does not.
    async fn keeps(&self, failed: &[String], code: i32, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now()).saturating_sub(TO_CONFIRM);
        let is_activated = matches!(code, 0 | 4) && failed.first().is_some_and(|unit| unit != SCRIPT);
        if left.is_zero() || !is_activated {
            return false;
        }
        let what = failed_after(self.node, failed);
        let lines = self.last_lines(failed, self.last_met()).await;
        let asked = [what.as_str(), lines.as_str()].join("\n");
        let left = until.saturating_duration_since(Instant::now()).saturating_sub(TO_CONFIRM);
        let keeps = tokio::select! {
            biased;
            () = self.cx.cancel.cancelled() => false,
            keeps = self.cx.asking.keeps(asked.trim_end(), left) => keeps,
        };
        if keeps {
            let _ = self.kept.set(what);
        }
        keeps
    }

    /// Waits until the node has gone back.
    async fn gone_back(&self) -> Result<State, LastKnown> {
        self.tell(format!("waiting until {} has gone back", self.node.name()));
        self.wait(SWITCH + LATE, |state| {
            matches!(state, State::Back { .. } | State::Stuck { .. } | State::Confirmed | State::Replaced)
        })
        .await
    }

    /// Looks until the state is one of those; over as many connections as it takes.
    async fn wait(&self, limit: Duration, is_over: impl Fn(&State) -> bool) -> Result<State, LastKnown> {
        let (mut rest, longest) = REST;
        let until = Instant::now() + limit;
        let mut unseen: Option<Instant> = None;
        let mut seen = State::Missing;
        loop {
            let look = tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return Err(self.interrupted().await),
                look = self.look() => look,
            };
            if let Ok(state) = &look {
                seen = state.clone();
            }
            let last = match look {
                Ok(state) if is_over(&state) => return Ok(state),
                Ok(State::Switching) => {
                    unseen = None;
                    self.tell(format!("{} is switching", self.node.name()));
                    None
                }
                // Nothing of it is there: it was never begun, or the node was restarted.
                Ok(State::Missing) => {
                    if unseen.get_or_insert_with(Instant::now).elapsed() >= UNSEEN {
                        return Err(LastKnown::Told(State::Missing));
                    }
                    None
                }
                Ok(_) => {
                    unseen = None;
                    None
                }
                Err(error) if self.is_stranger(&error) => return Err(LastKnown::OutOfReach(error)),
                Err(error) => {
                    self.tell(format!("waiting until {} answers again", self.node.name()));
                    Some(error)
                }
            };
            if Instant::now() >= until {
                return Err(match last {
                    Some(error) => LastKnown::OutOfReach(error),
                    None => LastKnown::Told(seen),
                });
            }
            tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return Err(self.interrupted().await),
                () = tokio::time::sleep(rest) => rest = (rest * 2).min(longest),
            }
        }
    }

    /// Tells the node to go back, as fast as a person waits.
    async fn interrupted(&self) -> LastKnown {
        let refuse = refuse(&self.id);
        let (node, host_key) = self.last_met();
        let told = Invocation::change(node, &refuse, STOP, CancellationToken::new()).pinned(host_key);
        let told = tokio::time::timeout(STOP, self.cx.executor.exec(told)).await;
        LastKnown::Interrupted { told: matches!(told, Ok(Ok(output)) if output.exit.is_success()) }
    }

    /// Whether the switch says that its activation script failed, which a unit that failed hides in the exit code.
    async fn activation_failed(&self) -> bool {
        let said = self.ask(&lasting::said(&self.id), STEP).await;
        said.is_ok_and(|output| {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            NOT_ACTIVATED.iter().any(|words| said.contains(words))
        })
    }

    async fn failed_units(&self) -> Result<Vec<String>, ToolError> {
        let read = catalog::failed_units();
        let output = self.ask(&read, STEP.min(self.cx.settings.command_timeout)).await?;
        if !output.exit.is_success() {
            return Err(ToolError::of_output(&read.to_string(), read.program(), false, &output));
        }
        Ok(unit_names(&output.stdout))
    }

    async fn ask(&self, read: &Command<Read>, deadline: Duration) -> Result<Output, ToolError> {
        let (node, host_key) = self.last_met();
        let read = Invocation::read(node, read, deadline, self.cx.cancel.clone());
        Ok(self.cx.executor.exec(read.pinned(host_key)).await?)
    }

    async fn send(
        &self,
        command: &Command<Write>,
        input: Option<std::sync::Arc<[u8]>>,
        deadline: Duration,
    ) -> Result<Output, ExecError> {
        let (node, host_key) = self.last_met();
        let change = Invocation::change(node, command, deadline, self.cx.cancel.clone()).pinned(host_key);
        let change = match input {
            Some(input) => change.reading(Input::from(input)),
            None => change,
        };
        self.cx.executor.exec(change).await
    }

    fn tell(&self, phase: String) {
        self.reporter.tell(Progress::phase(phase));
    }
}

/// What failed with a switch, in words.
fn failed_after(node: &Node, units: &[String]) -> String {
    format!("{} failed after the switch on {}", units.join(", "), node.name())
}

fn may_have_begun(output: &Output) -> bool {
    let was_killed = !matches!(output.exit, Exit::Code(code) if code < 128);
    was_killed || String::from_utf8_lossy(&output.stderr).contains("timed out")
}
