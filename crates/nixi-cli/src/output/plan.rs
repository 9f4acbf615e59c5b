//! A plan, as a person sees it before saying yes or no.

use nixi_core::wrap::{Wrap, wrap};
use nixi_core::{Origin, Part, Review, Risk, Undo};

use super::diff::{self, Length};
use super::{Paint, Tone};

/// The column where facts begin.
const FACT: usize = 12;
/// So many parts are named in a summary.
const MOST_PARTS: usize = 12;
/// The shortest end of the rule over a question.
const RULE: usize = 4;

/// The whole plan: for each part where it runs, what to know first, how risky it is, and every step as it will run. The
/// steps come last, so that nothing that was said about them can push them away from the question. Of a file that changes,
/// so much is shown.
///
/// No row is wider than `columns`, and none but the first of a part begins at the edge.
pub(crate) fn lines(review: &Review, columns: usize, paint: Paint, diffs: Length) -> String {
    let mut rows = Rows { columns, paint, diffs, rows: Vec::new() };
    match review.parts.as_slice() {
        [part] => {
            rows.title(&format!("Plan for {}", heading(part)));
            rows.undoes(review);
            rows.asker(part.origin);
            rows.about(part);
            rows.left_out(review);
            rows.steps(part);
        }
        parts => {
            rows.title(&format!("Plan: {}", review.summary()));
            rows.undoes(review);
            rows.asker(review.origin);
            rows.left_out(review);
            for (at, part) in parts.iter().enumerate() {
                rows.rows.push(String::new());
                rows.title(&format!("{}. {}", at + 1, heading(part)));
                rows.about(part);
                rows.steps(part);
            }
        }
    }
    rows.rows.join("\n")
}

/// A part by itself, that nobody is asked about.
pub(crate) fn part(part: &Part, columns: usize, paint: Paint) -> String {
    let mut rows = Rows { columns, paint, diffs: Length::Whole, rows: Vec::new() };
    rows.title(&format!("Plan for {}", heading(part)));
    rows.asker(part.origin);
    rows.about(part);
    rows.steps(part);
    rows.rows.join("\n")
}

fn heading(part: &Part) -> String {
    format!("{} ({}): {}", part.node, part.address, part.summary)
}

/// The rule above a plan that is asked about. A model's words, each line of which is marked, hold nothing like it.
pub(crate) fn rule(columns: usize, paint: Paint) -> String {
    let head = "── Nixi asks ";
    let most = if columns == usize::MAX { 80 } else { columns };
    let rest = most.saturating_sub(nixi_core::text::width(head)).max(RULE);
    paint.of(Tone::Title, &format!("{head}{}", "─".repeat(rest)))
}

/// What a plan is about once more, right above its question: for a plan so long that its beginning is off the screen. A
/// step, each of which has its number, holds nothing like it.
pub(crate) fn recap(review: &Review, columns: usize, paint: Paint) -> String {
    let mut rows = Rows { columns, paint, diffs: Length::Whole, rows: Vec::new() };
    rows.put("", 2, "Summary", Wrap::Words, Some(Tone::Title));
    match review.parts.as_slice() {
        [part] => rows.fact("node", &format!("{} ({})", part.node, part.address), None),
        parts => {
            for (at, part) in parts.iter().enumerate().take(MOST_PARTS) {
                rows.fact(&format!("part {}", at + 1), &format!("{}: {}", part.node, part.summary), None);
            }
            if let Some(more) = parts.len().checked_sub(MOST_PARTS).filter(|more| *more > 0) {
                rows.fact("parts", &format!("{more} more (listed above)"), None);
            }
        }
    }
    let steps: usize = review.parts.iter().map(|part| part.steps.len()).sum();
    rows.fact("steps", &format!("{steps} (listed above)"), None);
    rows.left_out(review);
    rows.undoes(review);
    rows.asker(review.origin);
    rows.fact("risk", review.risk.as_str(), Some(tone(review.risk)));
    rows.rows.join("\n")
}

fn tone(risk: Risk) -> Tone {
    match risk {
        Risk::Routine => Tone::Warn,
        Risk::Destructive => Tone::Bad,
    }
}

/// What is asked below a plan.
pub(crate) fn question(review: &Review) -> &'static str {
    match (review.risk, review.parts.len()) {
        (Risk::Routine, 0 | 1) => "Apply this? [y/N]",
        (Risk::Destructive, 0 | 1) => "Apply this? It is destructive; type `yes` to go on:",
        (Risk::Routine, _) => "Apply all of this? [y/N, or the parts to keep, as 1,3]",
        (Risk::Destructive, _) => {
            "Apply all of this? It is destructive; type `yes` to go on, or the parts to keep, as 1,3:"
        }
    }
}

struct Rows {
    columns: usize,
    paint: Paint,
    diffs: Length,
    rows: Vec<String>,
}

impl Rows {
    fn title(&mut self, words: &str) {
        self.put("", 2, words, Wrap::Words, Some(Tone::Title));
    }

    /// Which request it takes back: it may not be the one that comes to mind.
    fn undoes(&mut self, review: &Review) {
        if let Some(request) = review.undoes {
            self.fact("undoes", &format!("request {request}"), None);
        }
    }

    fn asker(&mut self, origin: Origin) {
        let words = match origin {
            Origin::Person => "you",
            Origin::Model => "a model, from your words",
        };
        self.fact("asked by", words, None);
    }

    /// What is to be known of a part before its steps.
    fn about(&mut self, part: &Part) {
        if let Some(route) = part.route_words() {
            self.fact("route", &route, None);
        }
        if let Some(key) = &part.host_key {
            self.fact("host key", key.as_str(), None);
        }
        self.fact("action", &part.action.to_string(), None);
        for warning in &part.warnings {
            self.fact("warning", warning, Some(Tone::Warn));
        }
        if let Undo::Cannot(why) = &part.undo {
            self.fact("no undo", why, Some(Tone::Warn));
        }
        if !part.expects.is_empty() {
            self.put("  runs only while", 4, "", Wrap::Words, None);
            part.expects.iter().for_each(|expected| self.put("    - ", 6, expected, Wrap::Words, None));
        }
    }

    fn steps(&mut self, part: &Part) {
        self.fact("risk", part.risk.as_str(), Some(tone(part.risk)));
        self.put("  steps", 4, "", Wrap::Words, None);
        let digits = part.steps.len().to_string().len();
        for (at, step) in part.steps.iter().enumerate() {
            let before = format!("    {:>digits$}. ", at + 1);
            self.put(&before, before.len(), &step.line, Wrap::Exact, None);
            for note in &step.notes {
                let indent = " ".repeat(before.len());
                self.put(&indent, before.len() + 2, note, Wrap::Words, None);
            }
            if let Some(diff) = &step.diff {
                self.rows.extend(diff::rows(diff, before.len(), self.columns, self.paint, self.diffs));
            }
        }
    }

    /// What was asked for and is no part of it: it will not be done.
    fn left_out(&mut self, review: &Review) {
        for left in review.left_out.iter().take(MOST_PARTS) {
            let words = format!("{} on {}: {}", left.action, left.node, left.why);
            self.fact("left out", &words, Some(Tone::Warn));
        }
        if let Some(more) = review.left_out.len().checked_sub(MOST_PARTS).filter(|more| *more > 0) {
            self.fact("left out", &format!("{more} more"), Some(Tone::Warn));
        }
    }

    fn fact(&mut self, name: &str, value: &str, tone: Option<Tone>) {
        self.put(&format!("  {name:<width$}", width = FACT - 2), FACT, value, Wrap::Words, tone);
    }

    /// The text behind these words, its further rows indented by so much.
    fn put(&mut self, before: &str, indent: usize, text: &str, how: Wrap, tone: Option<Tone>) {
        let room = self.columns.saturating_sub(before.len().max(indent)).max(1);
        for (at, row) in wrap(text, room, how).iter().enumerate() {
            let before = if at == 0 { before.to_owned() } else { " ".repeat(indent) };
            let row = tone.map_or_else(|| row.clone(), |tone| self.paint.of(tone, row));
            self.rows.push(format!("{before}{row}"));
        }
    }
}
