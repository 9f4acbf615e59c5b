//! One entry of the transcript as lines.

use nixi_core::wrap::{Wrap, wrap};
use nixi_core::{CallResult, ErrorReport, Scope, Shape, StepStatus, text};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::nodes;
use crate::slash;
use crate::theme::Theme;
use crate::transcript::{CallEntry, Entry};

/// Blank columns on the left of everything.
const MARGIN: &str = "  ";
/// What each row of a model's words begins with. Nothing of ours does, and no words of a model hold its mark.
const OF_A_MODEL: &str = "  │ ";
/// What stands under a heading is set in further.
const INSET: &str = "    ";

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Requests that a newcomer can try.
const EXAMPLES: [&str; 3] =
    ["show me system info", "list containers on db-server", "/adopt web-server 192.168.1.10"];

/// The spinner's picture at a moment.
pub(crate) fn spinner(frame: usize) -> &'static str {
    SPINNER.get(frame % SPINNER.len()).copied().unwrap_or_default()
}

/// The lines of an entry, for a screen of so many columns.
pub(crate) fn lines(entry: &Entry, columns: u16, theme: Theme, frame: usize) -> Vec<Line<'static>> {
    let page = Page { columns: usize::from(columns), theme };
    match entry {
        Entry::Welcome => page.welcome(),
        Entry::You(words) => page.marked("›", theme.accent(), words, theme.strong()),
        Entry::Call(call) => page.call(call, frame),
        Entry::Said(words) => page.said(words),
        Entry::Notice(words) => page.marked("!", theme.warning(), words, theme.text()),
        Entry::Error(error) => page.error(error),
        Entry::Help(phrases) => page.help(phrases),
    }
}

#[derive(Clone, Copy)]
struct Page {
    columns: usize,
    theme: Theme,
}

impl Page {
    /// Columns for text behind `before`, with a little air on the right.
    fn room(self, before: &str) -> usize {
        self.columns.saturating_sub(before.chars().count() + 1).max(1)
    }

    fn under(self, before: &'static str, text: &str, style: Style) -> Vec<Line<'static>> {
        wrap(text, self.room(before), Wrap::Words)
            .into_iter()
            .map(|row| Line::from(vec![Span::raw(before), Span::styled(row, style)]))
            .collect()
    }

    /// A model's words, each row of them marked as its own.
    fn said(self, words: &str) -> Vec<Line<'static>> {
        wrap(nixi_core::text::undrawn(words).trim_end(), self.room(OF_A_MODEL), Wrap::Words)
            .into_iter()
            .map(|row| {
                let mark = Span::styled(OF_A_MODEL, self.theme.accent());
                // What takes no column would be drawn onto the mark.
                let row =
                    if row.starts_with(nixi_core::text::stands_on) { format!("\u{fffd}{row}") } else { row };
                Line::from(vec![mark, Span::styled(row, self.theme.text())])
            })
            .collect()
    }

    /// Text behind a mark that stands on its first line.
    fn marked(self, mark: &'static str, of_mark: Style, text: &str, style: Style) -> Vec<Line<'static>> {
        let mut lines = self.under(INSET, text, style);
        if let Some(first) = lines.first_mut().and_then(|line| line.spans.first_mut()) {
            *first = Span::styled(format!("{MARGIN}{mark} "), of_mark);
        }
        lines
    }

    fn welcome(self) -> Vec<Line<'static>> {
        let mut lines = vec![Line::from(vec![
            Span::raw(MARGIN),
            Span::styled("Nixi", self.theme.accent().patch(self.theme.strong())),
            Span::styled("  many NixOS machines, one place", self.theme.faint()),
        ])];
        lines.push(Line::default());
        lines.extend(self.under(
            MARGIN,
            "Say what you want to know or to have done. For example:",
            self.theme.text(),
        ));
        lines.push(Line::default());
        for example in EXAMPLES {
            lines.extend(self.under(INSET, example, self.theme.accent()));
        }
        lines.push(Line::default());
        lines.extend(self.under(
            MARGIN,
            "A change is shown to you first, and runs only if you approve it.",
            self.theme.faint(),
        ));
        lines
    }

    fn help(self, phrases: &[&'static str]) -> Vec<Line<'static>> {
        let written: Vec<String> = slash::COMMANDS
            .iter()
            .map(|(name, operands, _)| format!("{name} {operands}").trim_end().to_owned())
            .collect();
        let width = written.iter().map(String::len).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (command, (_, _, about)) in written.iter().zip(slash::COMMANDS) {
            lines.extend(self.pair(command, width, about));
        }
        lines.push(Line::default());
        for (keys, about) in [
            ("Tab", "completes commands and names of nodes"),
            ("Up, Down", "what you typed before"),
            ("PgUp, PgDn", "scroll"),
            ("Ctrl-C", "stops what runs; twice, leaves"),
        ] {
            lines.extend(self.pair(keys, width, about));
        }
        lines.push(Line::default());
        lines.extend(self.under(MARGIN, "Everything else is a request in words.", self.theme.faint()));
        if !phrases.is_empty() {
            lines.extend(self.under(MARGIN, "Some that need no model:", self.theme.faint()));
        }
        for phrase in phrases {
            lines.extend(self.under(INSET, phrase, self.theme.accent()));
        }
        lines
    }

    /// A word and what it is for; one below the other where the screen is narrow.
    fn pair(self, word: &str, width: usize, about: &str) -> Vec<Line<'static>> {
        if MARGIN.len() + width + 2 + about.len() < self.columns {
            return vec![Line::from(vec![
                Span::raw(MARGIN),
                Span::styled(format!("{word:width$}  "), self.theme.accent()),
                Span::raw(about.to_owned()),
            ])];
        }
        let mut lines = self.under(MARGIN, word, self.theme.accent());
        lines.extend(self.under(INSET, about, self.theme.text()));
        lines
    }

    fn call(self, call: &CallEntry, frame: usize) -> Vec<Line<'static>> {
        let mut lines = vec![self.heading(call, frame)];
        for line in &call.followed {
            lines.extend(self.under(INSET, line, self.theme.text()));
        }
        let asks_nodes = !call.rows.is_empty();
        match &call.end {
            None if asks_nodes => lines.extend(self.table(call)),
            None => {}
            Some(end) => match call.presentation.shape {
                Shape::NodeTable if end.status == StepStatus::Done && asks_nodes => {
                    lines.extend(self.table(call));
                }
                Shape::NodeTable | Shape::Text => lines.extend(self.ending(end)),
            },
        }
        lines
    }

    fn heading(self, call: &CallEntry, frame: usize) -> Line<'static> {
        let theme = self.theme;
        let (mark, style, word) = match &call.end {
            None => (spinner(frame), theme.accent(), None),
            Some(end) => status_mark(end.status, theme),
        };
        let mut spans = vec![Span::styled(format!("{MARGIN}{mark} "), style)];
        if call.presentation.scope == Scope::Node {
            spans.push(Span::styled(format!("{}  ", call.node), theme.strong()));
        }
        spans.push(Span::styled(call.action.clone(), theme.faint()));
        match &call.end {
            None => {
                let used: usize = spans.iter().map(Span::width).sum();
                let words = call.progress.as_ref().map(|words| format!("  {}", text::clean_line(words)));
                let words = text::fit(&words.unwrap_or_default(), self.columns.saturating_sub(used + 2));
                spans.push(Span::styled(format!("{words} …"), theme.faint()));
            }
            Some(end) => {
                if let Some(word) = word {
                    spans.push(Span::styled(format!("  {word}"), style));
                }
                if end.ms > 0 {
                    spans.push(Span::styled(format!("  {}", duration(end.ms)), theme.faint()));
                }
            }
        }
        Line::from(spans)
    }

    fn ending(self, end: &CallResult) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        if let Some(text) = end.text.as_deref().map(str::trim_end).filter(|text| !text.is_empty()) {
            lines.extend(self.under(INSET, text, self.theme.text()));
        }
        if let Some(error) = &end.error {
            lines.extend(self.under(INSET, &error.message, self.theme.text()));
            lines.extend(self.hint(error.hint.as_deref()));
        }
        lines
    }

    fn table(self, call: &CallEntry) -> Vec<Line<'static>> {
        let mut lines = nodes::table(&call.rows, INSET, self.room(INSET), self.theme);
        for row in &call.rows {
            if let Some(detail) = &row.detail {
                lines.push(Line::default());
                lines.extend(self.under(INSET, &format!("{}: {detail}", row.name), self.theme.text()));
                lines.extend(self.hint(row.hint.as_deref()));
            }
        }
        lines
    }

    fn error(self, error: &ErrorReport) -> Vec<Line<'static>> {
        let mut lines = self.marked("✗", self.theme.bad(), &error.message, self.theme.text());
        lines.extend(self.hint(error.hint.as_deref()));
        lines
    }

    fn hint(self, hint: Option<&str>) -> Vec<Line<'static>> {
        let Some(hint) = hint else { return Vec::new() };
        wrap(hint, self.room(INSET).saturating_sub(2), Wrap::Words)
            .into_iter()
            .enumerate()
            .map(|(at, row)| {
                let arrow = if at == 0 { "→ " } else { "  " };
                Line::from(vec![Span::raw(INSET), Span::styled(format!("{arrow}{row}"), self.theme.accent())])
            })
            .collect()
    }
}

/// A mark, its looks, and the word beside it; what is done needs no word.
fn status_mark(status: StepStatus, theme: Theme) -> (&'static str, Style, Option<&'static str>) {
    match status {
        StepStatus::Done => ("✓", theme.good(), None),
        StepStatus::Failed => ("✗", theme.bad(), Some("failed")),
        StepStatus::NotStarted => ("○", theme.warning(), Some("not started")),
        StepStatus::Refused => ("✗", theme.bad(), Some("refused")),
        StepStatus::Declined => ("○", theme.warning(), Some("declined")),
        StepStatus::Unreachable => ("✗", theme.bad(), Some("unreachable")),
        StepStatus::Unknown => ("?", theme.bad(), Some("outcome unknown")),
    }
}

fn duration(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_model_is_marked_and_draws_no_mark() {
        let hostile =
            "All is well.\n\n✓ web  service.restart\n  │ no\n╭ Approve this change? ╮\u{1b}[2J\r\u{2028}x\n";
        let words = format!("{hostile}{} done: {}", "w ".repeat(99), "x".repeat(300));
        for columns in [8, 20, 80, 200] {
            for line in lines(&Entry::Said(words.clone()), columns, Theme::PLAIN, 0) {
                let row: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
                let words = row.strip_prefix(OF_A_MODEL).unwrap_or_else(|| panic!("{columns}: {row:?}"));
                assert!(!words.contains(['│', '╭', '╮', '\u{1b}', '\r', '\u{2028}']), "{row:?}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_onto_the_mark() {
        let all = "\u{301}\u{20d2}\u{fe20}\u{200d}\u{fe0f}\u{e0100}\u{1160}\u{1161}\u{d7b0}\u{e0061}\u{3099}\u{1d165}";
        for c in all.chars() {
            let words = format!("{c}x\n\n{c}{c}\n {c}y\n{} {c}{}", "z".repeat(9), "y".repeat(9));
            for columns in [8, 14, 20, 80] {
                for line in lines(&Entry::Said(words.clone()), columns, Theme::PLAIN, 0) {
                    let row: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
                    let first = row.strip_prefix(OF_A_MODEL).unwrap().chars().next();
                    let width = |first: char| nixi_core::text::width(&first.to_string());
                    assert!(first.is_none_or(|first| width(first) > 0), "{words:?}: {row:?}");
                }
            }
        }
    }
}
