//! What was said and done so far.

use std::collections::{HashMap, VecDeque};

use nixi_core::fleet::NodeRow;
use nixi_core::plan::Progress;
use nixi_core::{CallId, CallResult, ErrorReport, Event, Presentation};
use ratatui::text::Line;

use crate::theme::Theme;
use crate::view::entry;

/// How many entries are kept; the oldest go first.
const LIMIT: usize = 1000;
/// How many lines are kept of what one call follows.
const FOLLOWED: usize = 500;

/// One thing that was said or done.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// The greeting.
    Welcome,
    /// What the person typed.
    You(String),
    /// A call on a node.
    Call(CallEntry),
    /// Words of a model.
    Said(String),
    /// Something that a person should know.
    Notice(String),
    /// Why something came to nothing.
    Error(ErrorReport),
    /// The list of commands.
    Help(Vec<&'static str>),
}

/// A call, running or ended.
#[derive(Debug, Clone)]
pub(crate) struct CallEntry {
    /// Which call it is.
    id: CallId,
    /// The action, as `container.list`.
    pub(crate) action: String,
    /// The node; `local` for the controller.
    pub(crate) node: String,
    /// How it is shown.
    pub(crate) presentation: Presentation,
    /// The nodes that have answered, for a call that asks them.
    pub(crate) rows: Vec<NodeRow>,
    /// How far the step that runs is.
    pub(crate) progress: Option<String>,
    /// The newest lines of what it follows.
    pub(crate) followed: VecDeque<String>,
    /// What became of it.
    pub(crate) end: Option<Box<CallResult>>,
}

impl CallEntry {
    fn running(id: CallId, action: String, node: String, presentation: Presentation) -> Self {
        Self {
            id,
            action,
            node,
            presentation,
            rows: Vec::new(),
            progress: None,
            followed: VecDeque::new(),
            end: None,
        }
    }
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    lines: Vec<Line<'static>>,
}

/// The entries, laid out for one width.
#[derive(Debug)]
pub(crate) struct Transcript {
    slots: VecDeque<Slot>,
    theme: Theme,
    columns: u16,
    spinner: usize,
}

impl Transcript {
    /// The greeting alone.
    pub(crate) fn new(theme: Theme, columns: u16) -> Self {
        let mut transcript = Self { slots: VecDeque::new(), theme, columns, spinner: 0 };
        transcript.push(Entry::Welcome);
        transcript
    }

    /// One more entry.
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.slots.len() == LIMIT {
            self.slots.pop_front();
        }
        let lines = entry::lines(&entry, self.columns, self.theme, self.spinner);
        self.slots.push_back(Slot { entry, lines });
    }

    /// A line that the person typed held a secret: it is shown like that.
    pub(crate) fn replace_line(&mut self, typed: &str, shown: &str) {
        for slot in &mut self.slots {
            if let Entry::You(line) = &mut slot.entry
                && line == typed
            {
                shown.clone_into(line);
                slot.lines = entry::lines(&slot.entry, self.columns, self.theme, self.spinner);
            }
        }
    }

    /// An event of a running request.
    pub(crate) fn hear(&mut self, event: Event) {
        match event {
            Event::CallsAhead(_) | Event::ChangeBegins(_) => {}
            Event::CallStarted { call, action, node, presentation } => {
                self.start_call(CallEntry::running(call, action, node.to_string(), presentation));
            }
            Event::CallEnded(result) => self.end_call(*result),
            Event::Node(row) => {
                let last = self.slots.iter().rposition(|slot| is_running(&slot.entry));
                if let Some((at, call)) = last.and_then(|at| Some((at, self.call(at)?))) {
                    call.rows.push(*row);
                    // Of thousands, each would lay out all before it; the next tick shows what is not yet.
                    let rows = call.rows.len();
                    if rows.is_multiple_of(1 + rows / 64) {
                        self.lay_out(at);
                    }
                }
            }
            Event::Said(words) => {
                if let Some(Slot { entry: Entry::Said(before), .. }) = self.slots.back_mut() {
                    before.push_str(&words);
                    self.lay_out(self.slots.len() - 1);
                } else {
                    self.push(Entry::Said(words));
                }
            }
            Event::Progress { call, progress, .. } => self.goes_on(call, &progress),
            Event::Output { call, chunk } => self.follows(call, &chunk),
            Event::TakenBack(words) => self.take_back(&words),
            Event::Notice(words) => self.push(Entry::Notice(words)),
        }
    }

    /// The words that a model said last are gone.
    fn take_back(&mut self, words: &str) {
        let Some(Slot { entry: Entry::Said(said), .. }) = self.slots.back_mut() else { return };
        let left = said.strip_suffix(words).unwrap_or_default().to_owned();
        if left.is_empty() {
            self.slots.pop_back();
        } else {
            *said = left;
            self.lay_out(self.slots.len() - 1);
        }
    }

    /// A call begins.
    fn start_call(&mut self, call: CallEntry) {
        self.push(Entry::Call(call));
    }

    /// Lines of what a call follows.
    fn follows(&mut self, id: CallId, chunk: &str) {
        let is_it = |slot: &Slot| matches!(&slot.entry, Entry::Call(call) if call.id == id);
        let Some(at) = self.slots.iter().rposition(is_it) else { return };
        if let Some(call) = self.call(at) {
            call.followed.extend(chunk.lines().map(str::to_owned));
            let surplus = call.followed.len().saturating_sub(FOLLOWED);
            call.followed.drain(..surplus);
        }
        self.lay_out(at);
    }

    /// A step of a call tells how far it is.
    fn goes_on(&mut self, id: CallId, progress: &Progress) {
        let runs =
            |slot: &Slot| matches!(&slot.entry, Entry::Call(call) if call.end.is_none() && call.id == id);
        let Some(at) = self.slots.iter().rposition(runs) else { return };
        if let Some(call) = self.call(at) {
            call.progress = Some(progress.to_string());
        }
        self.lay_out(at);
    }

    /// A call has ended: it takes the place of the one that was begun.
    pub(crate) fn end_call(&mut self, result: CallResult) {
        let begun = self.slots.iter().position(
            |slot| matches!(&slot.entry, Entry::Call(call) if call.end.is_none() && call.id == result.call),
        );
        let at = begun.unwrap_or_else(|| {
            let (tool, node) = (result.tool.clone(), result.node.clone());
            self.start_call(CallEntry::running(result.call, tool, node, result.presentation));
            self.slots.len() - 1
        });
        if let Some(call) = self.call(at) {
            sort_as_configured(&mut call.rows, &result);
            call.end = Some(Box::new(result));
        }
        self.lay_out(at);
    }

    /// Whatever still runs was given up with its request.
    pub(crate) fn drop_running(&mut self) {
        self.slots.retain(|slot| !is_running(&slot.entry));
    }

    /// The next picture of what runs.
    pub(crate) fn tick(&mut self) {
        self.spinner = self.spinner.wrapping_add(1);
        for at in 0..self.slots.len() {
            if self.slots.get(at).is_some_and(|slot| is_running(&slot.entry)) {
                self.lay_out(at);
            }
        }
    }

    /// Lays everything out for another width.
    pub(crate) fn resize(&mut self, columns: u16) {
        if self.columns != columns {
            self.columns = columns;
            (0..self.slots.len()).for_each(|at| self.lay_out(at));
        }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.iter().map(|slot| slot.lines.len()).sum::<usize>() + self.slots.len()
    }

    /// The lines from one on; entries are set apart by a blank line.
    pub(crate) fn lines_from(&self, first: usize) -> impl Iterator<Item = Line<'static>> {
        self.slots
            .iter()
            .flat_map(|slot| std::iter::once(None).chain(slot.lines.iter().map(Some)))
            .skip(first)
            .map(|line| line.cloned().unwrap_or_default())
    }

    fn call(&mut self, at: usize) -> Option<&mut CallEntry> {
        match self.slots.get_mut(at).map(|slot| &mut slot.entry) {
            Some(Entry::Call(call)) => Some(call),
            Some(_) | None => None,
        }
    }

    fn lay_out(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.lines = entry::lines(&slot.entry, self.columns, self.theme, self.spinner);
        }
    }
}

fn is_running(entry: &Entry) -> bool {
    match entry {
        Entry::Call(call) => call.end.is_none(),
        Entry::Welcome
        | Entry::You(_)
        | Entry::Said(_)
        | Entry::Notice(_)
        | Entry::Error(_)
        | Entry::Help(_) => false,
    }
}

/// Rows come as nodes answer; in the end they stand as the result has them.
fn sort_as_configured(rows: &mut [NodeRow], result: &CallResult) {
    let listed = result.data.as_ref().and_then(|data| data.get("nodes")?.as_array());
    let names = listed.into_iter().flatten().filter_map(|node| node.get("name")?.as_str());
    let places: HashMap<&str, usize> = names.enumerate().map(|(at, name)| (name, at)).collect();
    rows.sort_by_key(|row| (!row.local, places.get(row.name.as_str()).copied().unwrap_or(usize::MAX)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_says_how_far_it_is_until_it_ends() {
        let mut transcript = Transcript::new(Theme::PLAIN, 60);
        let call = CallId::default();
        let (action, node) = ("file.write".to_owned(), "web".parse().unwrap());
        transcript.hear(Event::CallStarted { call, action, node, presentation: Presentation::OF_A_NODE });
        let progress = Progress::phase("sending\u{1b}[2J 5 bytes").behind(1, 4);
        transcript.hear(Event::Progress { call, step: Some(0), progress });
        let shown = |transcript: &Transcript| {
            transcript.lines_from(0).map(|line| line.to_string()).collect::<Vec<_>>().join("\n")
        };
        let running = shown(&transcript);
        assert!(running.contains("web  file.write  sending\u{fffd}[2J 5 bytes (1 of 4) …"), "{running}");
        let progress = Progress::phase("x".repeat(200));
        transcript.hear(Event::Progress { call, step: Some(0), progress });
        assert!(transcript.lines_from(0).all(|line| line.width() <= 60));
        let mut end = CallResult::new(call, "file.write", "web", serde_json::Value::Null);
        end.status = nixi_core::StepStatus::Done;
        transcript.hear(Event::CallEnded(Box::new(end)));
        assert!(!shown(&transcript).contains("xxx"));
    }

    #[test]
    fn what_a_model_takes_back_is_gone() {
        let mut transcript = Transcript::new(Theme::PLAIN, 80);
        let said = |transcript: &Transcript| {
            transcript
                .slots
                .iter()
                .filter_map(
                    |slot| if let Entry::Said(words) = &slot.entry { Some(words.clone()) } else { None },
                )
                .collect::<Vec<_>>()
        };
        transcript.hear(Event::Said("Let me look.".to_owned()));
        transcript.hear(Event::Said("\n\nI should answer.".to_owned()));
        transcript.hear(Event::TakenBack("\n\nI should answer.".to_owned()));
        assert_eq!(said(&transcript), ["Let me look."]);
        transcript.hear(Event::TakenBack("Let me look.".to_owned()));
        assert_eq!(said(&transcript), Vec::<String>::new());
        transcript.hear(Event::Said("It is noon.".to_owned()));
        assert_eq!(said(&transcript), ["It is noon."]);
    }
}
