//! The question for a secret. Of what is typed it shows how much, and no more than that.

use nixi_core::wrap::{Wrap, wrap};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear};

use super::ROOMY;
use crate::app::App;
use crate::secret::OpenSecret;
use crate::theme::Theme;

/// Where it stands, at the foot of the screen, with a border where there is room for one; and its rows.
struct Frames {
    whole: Rect,
    inner: Rect,
    is_bordered: bool,
    rows: Vec<Line<'static>>,
}

fn frames(wanted: &OpenSecret, theme: Theme, size: Size) -> Frames {
    let Size { width, height } = size;
    let is_bordered = height >= ROOMY && width >= 24;
    let (edge, frame) = if is_bordered { (3, 2) } else { (0, 0) };
    let inside = width.saturating_sub(2 * edge);
    let room = height.saturating_sub(1);
    let rows = rows(wanted, theme, usize::from(inside).max(1), is_bordered);
    let tall = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(frame).min(room);
    let whole = Rect { x: 0, y: room - tall, width, height: tall };
    let inner = Rect { x: edge, y: whole.y + frame / 2, width: inside, height: tall.saturating_sub(frame) };
    Frames { whole, inner, is_bordered, rows }
}

/// The first row of the question: what is above it stays in sight.
pub(super) fn top(wanted: &OpenSecret, theme: Theme, size: Size) -> u16 {
    frames(wanted, theme, size).whole.y
}

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, wanted: &OpenSecret, size: Size) {
    let theme = app.theme;
    let Frames { whole, inner, is_bordered, rows } = frames(wanted, theme, size);
    frame.render_widget(Clear, whole);
    if is_bordered {
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.warning())
            .title(Line::styled(" A secret is needed ", theme.warning()));
        frame.render_widget(block, whole);
    }
    let hidden = rows.len().saturating_sub(usize::from(inner.height));
    frame.render_widget(Text::from(rows.into_iter().skip(hidden).collect::<Vec<_>>()), inner);
}

fn rows(wanted: &OpenSecret, theme: Theme, columns: usize, is_roomy: bool) -> Vec<Line<'static>> {
    let what = format!("{} needs {}", wanted.purpose, wanted.name);
    let what = wrap(&what, columns, Wrap::Words).into_iter().map(|row| Line::styled(row, theme.strong()));
    // A length tells little, and a row says that keys arrive.
    let dots = "•".repeat(wanted.len().min(columns.saturating_sub(2)));
    let typed = Line::from_iter([Span::styled("› ", theme.accent()), Span::styled(dots, theme.text())]);
    let keys = Line::from_iter([
        Span::styled("Enter", theme.strong()),
        Span::styled(" gives it   ", theme.text()),
        Span::styled("Esc", theme.strong()),
        Span::styled(" gives none", theme.text()),
    ]);
    let air = || is_roomy.then(|| Line::raw(""));
    let mut rows: Vec<Line<'static>> = air().into_iter().chain(what).collect();
    rows.extend(air());
    rows.push(typed);
    rows.extend(air());
    rows.push(keys);
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::app::Message;

    fn screen(width: u16, height: u16) -> String {
        let mut app = App::new(Theme::PLAIN, Size { width, height });
        app.update(Message::SecretWanted(crate::secret::tests::wanted()), Duration::ZERO);
        app.update(Message::Drawn, Duration::ZERO);
        for c in "hunter2".chars() {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            app.update(Message::Key(key, Duration::from_secs(2)), Duration::from_secs(2));
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| crate::view::draw(frame, &app)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn nothing_of_it_is_shown() {
        insta::assert_snapshot!(screen(80, 14), @r#"
        "    list containers on db-server                                                "
        "    /adopt web-server 192.168.1.10                                              "
        "                                                                                "
        "  A change is shown to you first, and runs only if you approve it.              "
        "                                                                                "
        "╭ A secret is needed ──────────────────────────────────────────────────────────╮"
        "│                                                                              │"
        "│  container.deploy on web-server needs DB_PASSWORD                            │"
        "│                                                                              │"
        "│  › •••••••                                                                   │"
        "│                                                                              │"
        "│  Enter gives it   Esc gives none                                             │"
        "╰──────────────────────────────────────────────────────────────────────────────╯"
        " no nodes yet · no model                          Esc gives none · Ctrl-C stops "
        "#);
        for (width, height) in [(1, 1), (3, 2), (23, 9), (24, 10), (200, 3)] {
            assert!(!screen(width, height).contains("hunter"));
        }
    }
}
