//! How a file changes, below the step that puts it there. It is whole: the question scrolls.

use nixi_core::Diff;
use nixi_core::plan::{LineChange, RowKind};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::theme::Theme;
use nixi_core::wrap::{Wrap, wrap};

/// What stands before each row, so that no line of a file looks like a step.
const GUTTER: &str = "│ ";
/// The same before the rest of a line that is wider than the question.
const REST: &str = "┊ ";

/// The summary, and the rows below it, none wider than `columns`.
pub(super) fn lines(diff: &Diff, indent: usize, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    // On a narrow screen the room is for the file.
    let indent = if columns >= 40 { " ".repeat(indent) } else { String::new() };
    let room = columns.saturating_sub(indent.len() + GUTTER.chars().count()).max(1);
    let put = |text: &str, how: Wrap, style: Style| -> Vec<Line<'static>> {
        let row = |(at, row): (usize, String)| {
            let gutter = if at == 0 { GUTTER } else { REST };
            let before = Span::styled(format!("{indent}{gutter}"), theme.faint());
            Line::from(vec![before, Span::styled(row, style)])
        };
        wrap(text, room, how).into_iter().enumerate().map(row).collect()
    };
    let mut lines = put(&diff.summary, Wrap::Words, theme.faint());
    for row in diff.rows() {
        let style = match row.kind {
            RowKind::Place | RowKind::Remark => theme.faint(),
            RowKind::Line(LineChange::Kept) => theme.text(),
            RowKind::Line(LineChange::Removed) => theme.removed(),
            RowKind::Line(LineChange::Added) => theme.good(),
        };
        lines.extend(put(&row.text, Wrap::Exact, style));
    }
    lines
}
