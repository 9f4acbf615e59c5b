//! The line that a person types, in its box.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding};

use super::entry::spinner;
use crate::app::App;

const PLACEHOLDER: &str = "ask for something, or /help";

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let inner = if area.height >= 3 {
        let block = block(app);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        inner
    } else {
        area
    };
    let [mark, line] = Layout::horizontal([Constraint::Length(2), Constraint::Min(0)]).areas(inner);
    if line.width == 0 || line.height == 0 {
        return;
    }
    frame.render_widget(Span::styled("› ", app.theme.accent()), mark);
    if app.prompt.is_empty() {
        frame.render_widget(Span::styled(PLACEHOLDER, app.theme.faint()), line);
    }
    let (text, cursor) = app.prompt.window(usize::from(line.width));
    if !text.is_empty() {
        frame.render_widget(Span::raw(text), line);
    }
    let x = line.x.saturating_add(u16::try_from(cursor).unwrap_or(u16::MAX)).min(line.right() - 1);
    frame.set_cursor_position(Position { x, y: line.y });
}

fn block(app: &App) -> Block<'static> {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(app.theme.faint())
        .padding(Padding::horizontal(1));
    match &app.running {
        None => block,
        Some(running) => {
            let seconds = app.now.saturating_sub(running.since).as_secs();
            let words = if running.interrupted { "stopping" } else { "working" };
            let how = if running.interrupted { "Ctrl-C again leaves at once" } else { "Ctrl-C stops" };
            block.title(Line::from(vec![
                Span::styled(format!(" {} {words} ", spinner(app.frame)), app.theme.accent()),
                Span::styled(format!("{seconds} s · {how} "), app.theme.faint()),
            ]))
        }
    }
}
