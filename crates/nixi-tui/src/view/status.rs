//! The last line: what there is, and which keys do what.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let room = usize::from(area.width).saturating_sub(2);
    let theme = app.theme;
    let (left, style) = match &app.aside {
        Some(aside) => (aside.clone(), theme.accent()),
        None => (state(app), theme.faint()),
    };
    let left = nixi_core::text::fit(&nixi_core::text::clean_line(&left), room);
    let keys = keys(app);
    let mut spans = vec![Span::raw(" "), Span::styled(left.clone(), style)];
    if let Some(blanks) = room.checked_sub(left.width() + keys.width()).filter(|blanks| *blanks >= 2) {
        spans.push(Span::raw(" ".repeat(blanks)));
        spans.push(Span::styled(keys, theme.faint()));
    }
    frame.render_widget(Line::from(spans), area);
}

fn state(app: &App) -> String {
    let nodes = match app.nodes.len() {
        0 => "no nodes yet".to_owned(),
        1 => "1 node".to_owned(),
        many => format!("{many} nodes"),
    };
    let model = app.model.as_deref().unwrap_or("no model");
    format!("{nodes} · {model}")
}

fn keys(app: &App) -> String {
    if !app.approvals.is_empty() {
        return "no answer means no · Ctrl-C denies and stops".to_owned();
    }
    if app.doubt.is_some() {
        return "no answer means none · Ctrl-C stops".to_owned();
    }
    if !app.secrets.is_empty() {
        return "Esc gives none · Ctrl-C stops".to_owned();
    }
    match app.scrolled {
        0 => "Tab completes · PgUp scrolls · /help".to_owned(),
        lines => format!("{lines} lines below · Esc goes there"),
    }
}
