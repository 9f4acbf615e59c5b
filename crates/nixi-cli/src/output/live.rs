//! What happens, shown while it happens.
//!
//! Results of one node come in the order of its calls. Those of several nodes come as they are there, after a moment in
//! which the ones that say the same find together; what ended badly is told at once.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nixi_core::fleet::NodeRow;
use nixi_core::plan::Progress;
use nixi_core::session::{Audience, CallResult, LeftBehind};
use nixi_core::{CallId, ErrorKind, ErrorReport, Event, Outcome, Scope, StepStatus};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::fold::{Fold, Group, Same};
use super::order::Order;
use super::text::{self, Headings};
use super::{Format, Loudness, Screen, Tone, json, recap};

/// How often the line that tells how far it is changes.
const BEAT: Duration = Duration::from_millis(250);

/// What of it is a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Each result of each call.
    Results(Headings),
    /// The results of each call of a model, and its words between and after them.
    Words,
    /// Nothing as it comes.
    Nothing,
}

/// What is done with each row of the table of nodes.
type OnRow<'a> = Box<dyn Fn(&NodeRow) + Send + Sync + 'a>;

/// Listens to one operation.
pub(crate) struct Live<'a> {
    screen: &'a Screen,
    show: Show,
    on_row: Option<OnRow<'a>>,
    heard: Mutex<Heard>,
    /// Something came that may have to be shown later.
    came: Notify,
}

#[derive(Default)]
struct Heard {
    order: Order,
    fold: Fold,
    rows: Vec<NodeRow>,
    /// Whether a model's words were shown as they came.
    words: bool,
    above: Above,
    /// When it was last told how far it is.
    told: Option<Instant>,
    /// Calls whose lines were shown as they came.
    followed: HashSet<CallId>,
}

/// What stands last on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Above {
    #[default]
    Nothing,
    Words,
    Block,
}

impl<'a> Live<'a> {
    pub(crate) fn new(screen: &'a Screen, show: Show) -> Self {
        Self { screen, show, on_row: None, heard: Mutex::default(), came: Notify::new() }
    }

    /// Each row of the table of nodes goes there as it comes.
    pub(crate) fn rows_to(mut self, on_row: impl Fn(&NodeRow) + Send + Sync + 'a) -> Self {
        self.on_row = Some(Box::new(on_row));
        self
    }

    /// All rows so far, in the order in which they came.
    pub(crate) fn rows(&self) -> Vec<NodeRow> {
        self.heard().rows.clone()
    }

    /// Whether lines of something that is followed were told.
    pub(crate) fn has_followed(&self) -> bool {
        !self.heard().followed.is_empty()
    }

    /// What is known of every call when its operation had to be left behind.
    pub(crate) fn left_behind(&self, left: &LeftBehind<'_>) -> Vec<CallResult> {
        self.heard().order.slots().iter().map(|slot| slot.left_behind(left)).collect()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what has waited long enough, for as long as it is polled.
    pub(crate) async fn stream(&self) -> Infallible {
        loop {
            let next = self.tend(Instant::now());
            match next {
                Some(next) => tokio::select! {
                    () = sleep_until(next) => {}
                    () = self.came.notified() => {}
                },
                None => self.came.notified().await,
            }
        }
    }

    /// Shows what is due; when there is something to be shown again, should nothing come.
    fn tend(&self, now: Instant) -> Option<Instant> {
        let mut heard = self.heard();
        let due = heard.fold.take_due(now);
        self.groups(&mut heard, due);
        let next = heard.fold.due();
        let is_wanted = self.screen.format == Format::Text && matches!(self.show, Show::Results(_));
        if !is_wanted || heard.order.waiting() == 0 || !heard.followed.is_empty() {
            return next;
        }
        let told = *heard.told.get_or_insert(now);
        if told + BEAT <= now {
            heard.told = Some(now);
            self.screen.progress(&heard.order.how_far(now));
        }
        let beat = heard.told.map(|told| told + BEAT);
        next.into_iter().chain(beat).min()
    }

    /// Shows what is left of an outcome: the results that were held back, the answer, how it all ended, the error.
    pub(crate) fn conclude(&self, outcome: &Outcome) {
        if self.screen.format == Format::Json {
            return self.screen.document(&json::outcome(outcome));
        }
        let mut heard = self.heard();
        self.release(&mut heard);
        for result in &outcome.results {
            if !heard.order.is_given(result.call) {
                self.result(&mut heard, result);
            }
        }
        match &outcome.answer {
            Some(answer) if !heard.words => {
                self.part(&mut heard);
                self.screen.words(answer);
                self.screen.end_line();
            }
            Some(_) | None => self.screen.end_line(),
        }
        if matches!(self.show, Show::Results(_)) && recap::is_of_several(&outcome.results) {
            if is_interrupted(outcome.error.as_ref()) {
                self.screen.say(&recap::account(&outcome.results, self.screen.err()));
            }
            self.screen.note(&recap::recap(&outcome.results, self.screen.err()));
        }
        if let Some(error) = &outcome.error {
            self.screen.fail(error);
        }
    }

    /// A call tells how far it is. Of several nodes at a time, the line changes with the next beat.
    fn goes_on(&self, heard: &mut Heard, call: CallId, progress: &Progress) {
        let now = Instant::now();
        heard.order.go_on(call, progress.to_string(), now);
        let slot = heard.order.slots().iter().find(|slot| slot.is_of(call));
        if slot.is_some_and(|slot| !slot.beside) && self.screen.format == Format::Text {
            self.screen.progress(&heard.order.how_far(now));
        }
    }

    /// Lines of what a call follows, as they come. Where several calls do, each line says of which node it is.
    fn follows(&self, heard: &mut Heard, call: CallId, chunk: &str) {
        heard.followed.insert(call);
        if self.screen.format == Format::Json {
            return;
        }
        let slots = heard.order.slots();
        let width = slots.iter().map(|slot| slot.node().len()).max().unwrap_or_default();
        let of = slots.iter().find(|slot| slot.is_of(call)).filter(|_| slots.len() > 1);
        let lines = match of {
            None => chunk.to_owned(),
            Some(slot) => {
                let name = self.screen.out().of(Tone::Title, &format!("{:<width$}", slot.node()));
                chunk.lines().map(|line| format!("{name}  {line}\n")).collect()
            }
        };
        self.screen.result(&lines);
        heard.above = Above::Block;
    }

    /// A call ended.
    fn end(&self, heard: &mut Heard, result: CallResult) {
        let at = heard.order.end(result);
        if self.screen.format == Format::Json {
            return;
        }
        if heard.order.slots().get(at).is_some_and(|slot| slot.beside) {
            if let Some(result) = heard.order.give(at) {
                self.beside_others(heard, at, &result);
            }
        } else {
            heard.order.give_next().iter().for_each(|result| self.result(heard, result));
        }
        if heard.order.waiting() == 0 {
            self.release(heard);
        }
        self.came.notify_one();
    }

    /// One of several nodes: what others may say as well waits for them.
    fn beside_others(&self, heard: &mut Heard, at: usize, result: &CallResult) {
        let same = match self.show {
            // What it followed was shown as it came.
            _ if heard.followed.contains(&result.call) => None,
            Show::Results(_) | Show::Words => Same::of(result, self.title(result)),
            Show::Nothing => None,
        };
        match same {
            Some(same) => {
                self.plan(result);
                heard.fold.add(same, at, &result.node, Instant::now());
                self.took(result);
            }
            None => self.result(heard, result),
        }
    }

    /// Shows all that waits for its like.
    fn release(&self, heard: &mut Heard) {
        let all = heard.fold.take();
        self.groups(heard, all);
    }

    fn groups(&self, heard: &mut Heard, groups: Vec<Group>) {
        for Group { same, nodes, as_on } in groups {
            match (same, as_on) {
                (Same::Text { title, .. }, Some(before)) => {
                    let heading = self.heading(&nodes, &title).unwrap_or_else(|| format!("{nodes}:"));
                    self.put(heard, Some(&format!("{heading} the same as {before}")), None);
                }
                (Same::Text { title, text }, None) => {
                    self.put(heard, self.heading(&nodes, &title).as_deref(), Some(&text));
                }
                (Same::Reason { status, action, report }, _) => {
                    let paint = self.screen.err();
                    self.screen.say(&text::failure_on(Some(&nodes), status, &action, &report, paint));
                }
            }
        }
    }

    fn title(&self, result: &CallResult) -> String {
        match self.show {
            Show::Results(headings) => headings.title(result),
            Show::Words => text::title_of_a_model(result),
            Show::Nothing => String::new(),
        }
    }

    fn heading(&self, nodes: &str, title: &str) -> Option<String> {
        match self.show {
            Show::Results(headings) => headings.over(nodes, title, self.screen.out()),
            Show::Words => Some(text::heading(nodes, title, self.screen.out())),
            Show::Nothing => None,
        }
    }

    /// A result as it is, by itself.
    fn result(&self, heard: &mut Heard, result: &CallResult) {
        if self.show == Show::Nothing {
            return;
        }
        self.plan(result);
        let is_shown = heard.followed.contains(&result.call);
        if let Some(text) = result.text.as_ref().filter(|_| !is_shown) {
            let heading = self.heading(&result.node, &self.title(result));
            self.put(heard, heading.as_deref(), Some(text));
        }
        // Of many that were interrupted there is one account at the end.
        let is_accounted_for = is_interrupted(result.error.as_ref())
            && matches!(self.show, Show::Results(_))
            && heard.order.slots().iter().any(|slot| slot.beside);
        if let Some(failure) = text::failure(result, self.screen.err()).filter(|_| !is_accounted_for) {
            self.screen.say(&failure);
        }
        self.took(result);
    }

    /// What was not done is shown with its plan; what was done or asked about has shown it already.
    /// Of what the controller could not do with its own list of nodes, the error says enough.
    fn plan(&self, result: &CallResult) {
        let is_told = match result.status {
            StepStatus::Done => true,
            StepStatus::NotStarted | StepStatus::Declined => false,
            StepStatus::Failed | StepStatus::Refused | StepStatus::Unreachable | StepStatus::Unknown => {
                result.presentation.scope == Scope::Controller
            }
        };
        if let Some(review) = result.plan.as_ref().filter(|_| !is_told) {
            self.screen.plan_once(review);
        }
    }

    fn put(&self, heard: &mut Heard, heading: Option<&str>, text: Option<&str>) {
        let mut lines: Vec<&str> = Vec::new();
        if heading.is_some() && heard.above != Above::Nothing {
            lines.push("");
        }
        lines.extend(heading);
        lines.extend(text);
        self.screen.end_line();
        self.screen.result(&lines.join("\n"));
        heard.above = Above::Block;
    }

    fn took(&self, result: &CallResult) {
        if self.screen.loudness == Loudness::Verbose {
            self.screen.say(&self.faint(&format!("{} took {} ms", called(result), result.ms)));
        }
    }

    /// A blank line between results and the words below them.
    fn part(&self, heard: &mut Heard) {
        if heard.above == Above::Block {
            self.screen.blank();
        }
        heard.above = Above::Words;
    }

    fn faint(&self, words: &str) -> String {
        self.screen.err().of(Tone::Faint, words)
    }
}

fn is_interrupted(error: Option<&ErrorReport>) -> bool {
    error.is_some_and(|error| error.kind == ErrorKind::Cancelled)
}

fn called(result: &CallResult) -> String {
    format!("{} on {}", result.tool, result.node)
}

impl Audience for Live<'_> {
    fn hear(&self, event: Event) {
        let mut heard = self.heard();
        match event {
            Event::CallsAhead(calls) => {
                heard.order.expect(calls);
                self.came.notify_one();
            }
            Event::CallStarted { action, node, .. } => {
                if self.screen.loudness == Loudness::Verbose {
                    self.screen.say(&self.faint(&format!("{action} on {node} …")));
                }
            }
            Event::ChangeBegins(call) => heard.order.begin(call),
            Event::Progress { call, progress, .. } => self.goes_on(&mut heard, call, &progress),
            Event::Output { call, chunk } => self.follows(&mut heard, call, &chunk),
            Event::CallEnded(result) => self.end(&mut heard, *result),
            Event::Node(row) => {
                if let Some(on_row) = &self.on_row {
                    on_row(&row);
                }
                heard.rows.push(*row);
            }
            Event::Said(words) => {
                if self.screen.format == Format::Text {
                    self.release(&mut heard);
                    self.part(&mut heard);
                    self.screen.words(&words);
                    heard.words = true;
                }
            }
            Event::TakenBack(words) => {
                // Where there is one document, none of the words were shown.
                if self.screen.format == Format::Text {
                    self.screen.take_back(&words);
                }
            }
            Event::Notice(words) => self.screen.note(&words),
        }
    }
}
