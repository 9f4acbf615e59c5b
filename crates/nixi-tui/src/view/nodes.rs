//! The page's table of nodes.

use nixi_core::fleet::{NodeRow, NodeStatus};
use nixi_core::node_table::NodeTable;
use nixi_core::wrap::{Wrap, wrap};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::theme::Theme;

/// The table, the controller first; lines that the screen has no room for are wrapped.
pub(crate) fn table(rows: &[NodeRow], before: &'static str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut rows: Vec<&NodeRow> = rows.iter().collect();
    rows.sort_by_key(|row| !row.local);
    let table = NodeTable::of(rows.iter().copied());
    let texts: Vec<String> = rows.iter().map(|row| table.line(row)).collect();
    let header = table.header();
    if texts.iter().chain([&header]).any(|text| text.width() > room) {
        let wrapped = [header].into_iter().chain(texts).flat_map(|text| wrap(&text, room, Wrap::Words));
        return wrapped.map(|row| Line::from(vec![Span::raw(before), Span::raw(row)])).collect();
    }
    let mut lines = vec![Line::from(vec![Span::raw(before), Span::styled(header, theme.faint())])];
    for (row, text) in rows.iter().zip(&texts) {
        let status = match row.status {
            NodeStatus::Online => theme.good(),
            NodeStatus::Unreachable => theme.bad(),
            NodeStatus::Unprobed => theme.faint(),
        };
        // The name begins the line, and the status, whose words are plain, ends it.
        let name = text.split(' ').next().unwrap_or_default();
        let (front, last) =
            text.split_at_checked(text.len().saturating_sub(row.status_words().len())).unwrap_or((text, ""));
        let middle = front.get(name.len()..).unwrap_or_default();
        lines.push(Line::from(vec![
            Span::raw(before),
            Span::styled(name.to_owned(), theme.strong()),
            Span::raw(middle.to_owned()),
            Span::styled(last.to_owned(), status),
        ]));
    }
    lines
}
