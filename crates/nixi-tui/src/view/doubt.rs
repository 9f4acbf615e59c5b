//! The question which of several things was meant.

use nixi_core::wrap::{Wrap, wrap};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear};

use super::ROOMY;
use crate::app::App;
use crate::doubt::OpenDoubt;
use crate::theme::Theme;

/// Where it stands, at the foot of the screen, with a border where there is room for one; and its rows.
struct Place {
    whole: Rect,
    inner: Rect,
    bordered: bool,
    rows: Vec<Line<'static>>,
}

fn place(doubt: &OpenDoubt, theme: Theme, keys: Style, size: Size) -> Place {
    let Size { width, height } = size;
    let bordered = height >= ROOMY && width >= 24;
    let (edge, frame) = if bordered { (3, 2) } else { (0, 0) };
    let columns = usize::from(width.saturating_sub(2 * edge)).max(1);
    // The status line stays in sight.
    let room = height.saturating_sub(1);
    let whole = full(doubt, theme, keys, columns);
    let fits = whole.len() <= usize::from(room.saturating_sub(frame));
    let rows = if fits { whole } else { brief(doubt, theme, keys, columns) };
    let tall = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(frame).min(room);
    let whole = Rect { x: 0, y: room - tall, width, height: tall };
    let inner = Rect {
        x: edge,
        y: whole.y + frame / 2,
        width: width.saturating_sub(2 * edge),
        height: tall.saturating_sub(frame),
    };
    Place { whole, inner, bordered, rows }
}

/// The first row of the question: what is above it stays in sight.
pub(super) fn top(doubt: &OpenDoubt, theme: Theme, size: Size) -> u16 {
    place(doubt, theme, theme.faint(), size).whole.y
}

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, doubt: &OpenDoubt, size: Size) {
    let theme = app.theme;
    let keys = if doubt.listens(app.now) { theme.strong() } else { theme.faint() };
    let Place { whole, inner, bordered, rows } = place(doubt, theme, keys, size);
    frame.render_widget(Clear, whole);
    if bordered {
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.warning())
            .title(Line::styled(format!(" {} ", doubt.question), theme.warning()));
        frame.render_widget(block, whole);
    }
    // What answers it comes last, and is always seen.
    let hidden = rows.len().saturating_sub(usize::from(inner.height));
    frame.render_widget(Text::from(rows.into_iter().skip(hidden).collect::<Vec<_>>()), inner);
}

/// The doubt, what may be meant, each with the command that says so, and the keys.
fn full(doubt: &OpenDoubt, theme: Theme, keys: Style, columns: usize) -> Vec<Line<'static>> {
    let mut rows = vec![Line::raw("")];
    rows.extend(message(doubt, theme, columns));
    rows.push(Line::raw(""));
    for (at, meaning) in doubt.meanings.iter().enumerate() {
        let mut head = choice(doubt, at, theme, keys);
        let room = columns.saturating_sub(head.width()).max(1);
        for text in wrap(&meaning.command, room, Wrap::Exact) {
            let below = Line::raw(" ".repeat(head.width()));
            let mut line = std::mem::replace(&mut head, below);
            line.push_span(Span::styled(text, theme.faint()));
            rows.push(line);
        }
    }
    rows.push(Line::raw(""));
    rows.push(none(theme, keys));
    rows
}

/// The same without the commands and the air, for a small window.
fn brief(doubt: &OpenDoubt, theme: Theme, keys: Style, columns: usize) -> Vec<Line<'static>> {
    let choices = (0..doubt.meanings.len()).map(|at| choice(doubt, at, theme, keys));
    message(doubt, theme, columns).chain(choices).chain([none(theme, keys)]).collect()
}

fn message(doubt: &OpenDoubt, theme: Theme, columns: usize) -> impl Iterator<Item = Line<'static>> {
    let lines = doubt.message.lines();
    let rows = lines.flat_map(move |line| wrap(line, columns, Wrap::Words)).collect::<Vec<_>>().into_iter();
    rows.map(move |row| Line::styled(row, theme.strong()))
}

/// A key, and what it says was meant.
fn choice(doubt: &OpenDoubt, at: usize, theme: Theme, keys: Style) -> Line<'static> {
    let width = doubt.meanings.iter().map(|meaning| meaning.noun.len()).max().unwrap_or_default();
    let noun = doubt.meanings.get(at).map(|meaning| meaning.noun.as_str()).unwrap_or_default();
    let noun = format!("  {noun:<width$}  ");
    Line::from_iter([Span::styled((at + 1).to_string(), keys), Span::styled(noun, theme.text())])
}

fn none(theme: Theme, keys: Style) -> Line<'static> {
    Line::from_iter([Span::styled("Esc", keys), Span::styled(" none of them", theme.text())])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::app::Message;

    fn screen(width: u16, height: u16) -> String {
        let mut app = App::new(Theme::PLAIN, Size { width, height });
        app.update(Message::Unclear(crate::doubt::tests::doubt()), Duration::ZERO);
        app.update(Message::Drawn, Duration::ZERO);
        app.update(Message::Tick, Duration::from_secs(1));
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| crate::view::draw(frame, &app)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn it_stands_where_the_line_to_type_in_was() {
        insta::assert_snapshot!(screen(80, 16), @r#"
        "    show me system info                                                         "
        "    list containers on db-server                                                "
        "    /adopt web-server 192.168.1.10                                              "
        "                                                                                "
        "  A change is shown to you first, and runs only if you approve it.              "
        "                                                                                "
        "╭ Which one is meant? ─────────────────────────────────────────────────────────╮"
        "│                                                                              │"
        "│  redis can mean a container or a unit on web-server                          │"
        "│                                                                              │"
        "│  1  container  nixi call container.stop names=redis --node web-server        │"
        "│  2  unit       nixi call service.stop names=redis --node web-server          │"
        "│                                                                              │"
        "│  Esc none of them                                                            │"
        "╰──────────────────────────────────────────────────────────────────────────────╯"
        " no nodes yet · no model                    no answer means none · Ctrl-C stops "
        "#);
    }

    #[test]
    fn in_a_tiny_window_the_answers_are_in_sight() {
        insta::assert_snapshot!(screen(40, 7), @r#"
        "                                        "
        "redis can mean a container or a unit on "
        "web-server                              "
        "1  container                            "
        "2  unit                                 "
        "Esc none of them                        "
        " no nodes yet · no model                "
        "#);
        for (width, height) in [(1, 1), (3, 2), (23, 9), (24, 10), (200, 3)] {
            screen(width, height);
        }
    }
}
