//! The page's table of nodes.

use nixi_core::fleet::{NodeRow, NodeStatus};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::theme::Theme;
use crate::wrap::{Wrap, wrap};

const HEADINGS: [&str; 5] = ["NAME", "HOST", "USER", "MODE", "STATUS"];
const GAP: usize = 3;

/// The table, the controller first; rows that the screen has no room for are wrapped.
pub(crate) fn table(rows: &[NodeRow], before: &'static str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut rows: Vec<&NodeRow> = rows.iter().collect();
    rows.sort_by_key(|row| !row.local);
    let cells: Vec<[String; 5]> = rows.iter().map(|row| cells(row)).collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut lines = line(&HEADINGS.map(str::to_owned), widths, before, room, [theme.faint(); 5]);
    for (row, cells) in rows.iter().zip(&cells) {
        let status = match row.status {
            NodeStatus::Online => theme.good(),
            NodeStatus::Unreachable => theme.bad(),
            NodeStatus::Unprobed => theme.faint(),
        };
        let looks = [theme.strong(), theme.text(), theme.text(), theme.text(), status];
        lines.extend(line(cells, widths, before, room, looks));
    }
    lines
}

fn cells(row: &NodeRow) -> [String; 5] {
    let user = row.user.clone().unwrap_or_else(|| "-".to_owned());
    [row.name_words(), row.host.clone(), user, row.mode.to_string(), row.status_words()]
        .map(|cell| nixi_core::text::clean_line(&cell))
}

fn line(
    cells: &[String; 5],
    widths: [usize; 5],
    before: &'static str,
    room: usize,
    looks: [Style; 5],
) -> Vec<Line<'static>> {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(at, (cell, width))| {
            let blanks = if at + 1 < HEADINGS.len() { width - cell.width().min(width) + GAP } else { 0 };
            format!("{cell}{}", " ".repeat(blanks))
        })
        .collect();
    if widths.iter().sum::<usize>() + GAP * (HEADINGS.len() - 1) > room {
        let text = cells.join("  ");
        return wrap(&text, room, Wrap::Words)
            .into_iter()
            .map(|row| Line::from(vec![Span::raw(before), Span::raw(row)]))
            .collect();
    }
    let spans = padded.into_iter().zip(looks).map(|(cell, style)| Span::styled(cell, style));
    vec![Line::from_iter(std::iter::once(Span::raw(before)).chain(spans))]
}
