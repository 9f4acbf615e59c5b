//! The question which of several things was meant.

use nixi_core::session::{Doubt, Meaning};
use nixi_core::wrap::{Wrap, wrap};

use super::{Paint, Tone};

/// What is in doubt, and below it what may be meant, each with its number and the command that says so.
pub(crate) fn lines(doubt: &Doubt, columns: usize, paint: Paint) -> String {
    let message = doubt.message().lines().flat_map(|line| wrap(line, columns, Wrap::Words));
    let mut rows: Vec<String> = message.map(|row| paint.of(Tone::Title, &row)).collect();
    let width = doubt.meanings().iter().map(|meaning| meaning.noun.len()).max().unwrap_or_default();
    for (at, Meaning { noun, command }) in doubt.meanings().iter().enumerate() {
        let before = format!("  {}. {noun:<width$}  ", at + 1);
        let room = columns.saturating_sub(before.len()).max(1);
        for (row, text) in wrap(command, room, Wrap::Exact).into_iter().enumerate() {
            let before = if row == 0 { before.clone() } else { " ".repeat(before.len()) };
            rows.push(format!("{before}{}", paint.of(Tone::Faint, &text)));
        }
    }
    rows.join("\n")
}

/// The question below it, and what answers it.
pub(crate) fn question(doubt: &Doubt) -> String {
    let numbers: Vec<String> = (1..=doubt.meanings().len()).map(|number| number.to_string()).collect();
    format!("{} Type {}, or Enter for none:", doubt.question(), numbers.join(" or "))
}
