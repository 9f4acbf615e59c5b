//! What happens, shown while it happens.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nixi_core::fleet::NodeRow;
use nixi_core::session::{Audience, CallResult};
use nixi_core::{ErrorKind, ErrorReport, Event, Outcome, StepStatus};

use super::order::{Order, Slot};
use super::text::{self, Headings};
use super::{Format, Loudness, Screen, Tone, json};

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
}

#[derive(Default)]
struct Heard {
    order: Order,
    rows: Vec<NodeRow>,
    /// Whether a model's words were shown as they came.
    words: bool,
    above: Above,
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
        Self { screen, show, on_row: None, heard: Mutex::default() }
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

    /// What is known of every call when its operation had to be left behind. A change may have been sent, so what
    /// became of it is not known; a read has only not answered.
    pub(crate) fn left_behind(&self, is_change: impl Fn(&str) -> bool) -> Vec<CallResult> {
        let result = |slot: &Slot| match &slot.result {
            Some(result) => result.clone(),
            None => unanswered(slot, is_change(&slot.action)),
        };
        self.heard().order.slots().iter().map(result).collect()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is left of an outcome: the results that were held back, the answer, the error.
    pub(crate) fn conclude(&self, outcome: &Outcome) {
        if self.screen.format == Format::Json {
            return self.screen.document(&json::outcome(outcome));
        }
        let mut heard = self.heard();
        let left = outcome.results.get(heard.order.released()..).unwrap_or_default();
        left.iter().for_each(|result| self.result(&mut heard, result));
        match &outcome.answer {
            Some(answer) if !heard.words => {
                self.part(&mut heard);
                self.screen.words(answer);
                self.screen.end_line();
            }
            Some(_) | None => self.screen.end_line(),
        }
        if let Some(error) = &outcome.error {
            self.screen.fail(error);
        }
    }

    fn result(&self, heard: &mut Heard, result: &CallResult) {
        match self.show {
            Show::Nothing => {}
            Show::Words => {
                let heading = text::of_a_model(result, self.screen.out());
                self.block(heard, result, Some(heading));
            }
            Show::Results(headings) => {
                self.block(heard, result, headings.over(result, self.screen.out()));
            }
        }
    }

    fn block(&self, heard: &mut Heard, result: &CallResult, heading: Option<String>) {
        // What was not done is shown with its plan; what was done or asked about has shown it already.
        // Of a node that could not be adopted, the error says enough.
        let is_told = match result.status {
            StepStatus::Done => true,
            StepStatus::NotStarted | StepStatus::Declined => false,
            StepStatus::Failed | StepStatus::Refused | StepStatus::Unreachable | StepStatus::Unknown => {
                result.tool == "node.adopt"
            }
        };
        if let Some(review) = result.plan.as_ref().filter(|_| !is_told) {
            self.screen.plan_once(review);
        }
        if let Some(text) = &result.text {
            let mut lines = Vec::new();
            if let Some(heading) = heading {
                if heard.above != Above::Nothing {
                    lines.push(String::new());
                }
                lines.push(heading);
            }
            lines.push(text.clone());
            self.screen.end_line();
            self.screen.result(&lines.join("\n"));
            heard.above = Above::Block;
        }
        if let Some(failure) = text::failure(result, self.screen.err()) {
            self.screen.say(&failure);
        }
        if self.screen.loudness == Loudness::Verbose {
            self.screen.say(&self.beside(&format!("{} took {} ms", called(result), result.ms)));
        }
    }

    /// A blank line between results and the words below them.
    fn part(&self, heard: &mut Heard) {
        if heard.above == Above::Block {
            self.screen.blank();
        }
        heard.above = Above::Words;
    }

    fn beside(&self, words: &str) -> String {
        self.screen.err().of(Tone::Faint, words)
    }
}

fn unanswered(slot: &Slot, is_change: bool) -> CallResult {
    let (status, error) = if is_change {
        let unknown = ErrorReport::new(ErrorKind::Cancelled, "interrupted; it may have been sent already")
            .hint("look on the node before you repeat it");
        (StepStatus::Unknown, unknown)
    } else {
        (StepStatus::Failed, ErrorReport::new(ErrorKind::Cancelled, "interrupted before it answered"))
    };
    CallResult {
        tool: slot.action.clone(),
        node: slot.node.clone(),
        args: serde_json::Value::Null,
        status,
        data: None,
        text: None,
        plan: None,
        steps: Vec::new(),
        error: Some(error),
        ms: 0,
    }
}

fn called(result: &CallResult) -> String {
    format!("{} on {}", result.tool, result.node)
}

impl Audience for Live<'_> {
    fn hear(&self, event: Event) {
        let mut heard = self.heard();
        match event {
            Event::CallStarted { action, node } => {
                if self.screen.loudness == Loudness::Verbose {
                    self.screen.say(&self.beside(&format!("{action} on {node} …")));
                }
                heard.order.begin(action, node.to_string());
            }
            Event::CallEnded(result) => {
                let ready = heard.order.end(*result);
                if self.screen.format == Format::Text {
                    ready.iter().for_each(|result| self.result(&mut heard, result));
                }
            }
            Event::Node(row) => {
                if let Some(on_row) = &self.on_row {
                    on_row(&row);
                }
                heard.rows.push(*row);
            }
            Event::Said(words) => {
                if self.screen.format == Format::Text {
                    // Whoever speaks has all results by now.
                    let ready = heard.order.flush();
                    ready.iter().for_each(|result| self.result(&mut heard, result));
                    self.part(&mut heard);
                    self.screen.words(&words);
                    heard.words = true;
                }
            }
            Event::Notice(words) => self.screen.note(&words),
        }
    }
}
