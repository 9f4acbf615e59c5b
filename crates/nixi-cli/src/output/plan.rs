//! A plan, as a person sees it before saying yes or no.

use nixi_core::{Origin, Review, Risk};
use nixi_tui::{Wrap, wrap};

use super::{Paint, Tone};

/// The column where facts begin.
const FACT: usize = 12;
/// The shortest end of the rule over a question.
const RULE: usize = 4;

/// The whole plan: where, who asked, what to know first; then how risky it is and every step as it will run. The steps
/// come last, so that nothing that was said about them can push them away from the question.
///
/// No row is wider than `columns`, and none but the first begins at the edge.
pub(crate) fn lines(review: &Review, columns: usize, paint: Paint) -> String {
    let mut rows = Rows { columns, paint, rows: Vec::new() };
    let title = format!("Plan for {} ({}): {}", review.node, review.address, review.summary);
    rows.put("", 2, &title, Wrap::Words, Some(Tone::Title));
    if let Some(route) = review.route_words() {
        rows.fact("route", &route, None);
    }
    if let Some(key) = &review.host_key {
        rows.fact("host key", key.as_str(), None);
    }
    rows.fact("action", &review.action.to_string(), None);
    rows.fact("asked by", asker(review.origin), None);
    for warning in &review.warnings {
        rows.fact("warning", warning, Some(Tone::Warn));
    }
    if !review.expects.is_empty() {
        rows.put("  runs only while", 4, "", Wrap::Words, None);
        review.expects.iter().for_each(|expected| rows.put("    - ", 6, expected, Wrap::Words, None));
    }
    rows.fact("risk", review.risk.as_str(), Some(tone(review.risk)));
    rows.put("  steps", 4, "", Wrap::Words, None);
    let digits = review.steps.len().to_string().len();
    for (at, step) in review.steps.iter().enumerate() {
        let before = format!("    {:>digits$}. ", at + 1);
        rows.put(&before, before.len(), step, Wrap::Exact, None);
    }
    rows.rows.join("\n")
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
    let mut rows = Rows { columns, paint, rows: Vec::new() };
    rows.put("", 2, "Summary", Wrap::Words, Some(Tone::Title));
    rows.fact("node", &format!("{} ({})", review.node, review.address), None);
    rows.fact("steps", &format!("{} (listed above)", review.steps.len()), None);
    rows.fact("asked by", asker(review.origin), None);
    rows.fact("risk", review.risk.as_str(), Some(tone(review.risk)));
    rows.rows.join("\n")
}

fn asker(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "you",
        Origin::Model => "a model, out of your words",
    }
}

fn tone(risk: Risk) -> Tone {
    match risk {
        Risk::Routine => Tone::Warn,
        Risk::Destructive => Tone::Bad,
    }
}

/// What is asked below a plan.
pub(crate) fn question(risk: Risk) -> &'static str {
    match risk {
        Risk::Routine => "Apply this? [y/N]",
        Risk::Destructive => "Apply this? It is destructive; type `yes` to go on:",
    }
}

struct Rows {
    columns: usize,
    paint: Paint,
    rows: Vec<String>,
}

impl Rows {
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
