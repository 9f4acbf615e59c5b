//! Drawing: each function shows a part of the state, and changes nothing.

mod diff;
mod doubt;
pub(crate) mod entry;
pub(crate) mod modal;
mod nodes;
mod prompt;
mod secret;
mod status;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect, Size};
use ratatui::text::Text;

use crate::app::App;

/// Below this height nothing is spent on borders.
const ROOMY: u16 = 10;

/// Where things stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Areas {
    pub(crate) transcript: Rect,
    pub(crate) prompt: Rect,
    pub(crate) status: Rect,
}

/// Where things stand on a screen of this size.
pub(crate) fn areas(size: Size) -> Areas {
    let (air, prompt) = if size.height >= ROOMY { (1, 3) } else { (0, 1) };
    let [transcript, _, prompt, status] = Layout::vertical([
        Constraint::Min(0),
        Constraint::Length(air),
        Constraint::Length(prompt),
        Constraint::Length(1),
    ])
    .areas(Rect::from((Position::ORIGIN, size)));
    Areas { transcript, prompt, status }
}

/// Draws the whole screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    // The terminal may have been resized since the last message said so.
    let size = frame.area().as_size();
    let mut areas = areas(size);
    let question = match (app.approvals.front(), &app.doubt, app.secrets.front()) {
        (Some(approval), ..) => Some(modal::top(approval, app.theme, size)),
        (None, Some(doubt), _) => Some(doubt::top(doubt, app.theme, size)),
        (None, None, Some(wanted)) => Some(secret::top(wanted, app.theme, size)),
        (None, None, None) => None,
    };
    if let Some(top) = question {
        areas.transcript.height = areas.transcript.height.min(top.saturating_sub(1));
    }
    transcript(frame, app, areas.transcript);
    status::draw(frame, app, areas.status);
    match (app.approvals.front(), &app.doubt, app.secrets.front()) {
        (Some(approval), ..) => modal::draw(frame, app, approval, size),
        (None, Some(doubt), _) => doubt::draw(frame, app, doubt, size),
        (None, None, Some(wanted)) => secret::draw(frame, app, wanted, size),
        (None, None, None) => prompt::draw(frame, app, areas.prompt),
    }
}

fn transcript(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let rows = usize::from(area.height);
    let first = app.transcript.len().saturating_sub(rows).saturating_sub(app.scrolled);
    let lines: Vec<_> = app.transcript.lines_from(first).take(rows).collect();
    frame.render_widget(Text::from(lines), area);
}

#[cfg(test)]
mod tests;
