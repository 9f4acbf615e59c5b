//! The question before a change.

use nixi_core::{Origin, Risk};
use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect, Size};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear};

use crate::app::App;
use crate::approval::{Approval, Drawn, Proposal, Rows};
use crate::theme::Theme;
use crate::wrap::{Wrap, wrap};

/// With fewer columns nobody can tell what they approve.
const NARROWEST: usize = 16;
/// Below this nothing is spent on borders.
const ROOMY: Size = Size { width: 24, height: 10 };
const LABEL: usize = 10;
/// With fewer rows for a plan, all are for the plan.
const RECAP_FROM: u16 = 6;

/// Where a question stands: at the foot of the screen, where the line to type in was.
struct Place {
    whole: Rect,
    plan: Rect,
    /// What the question is about, where the plan is too long to be seen with it.
    recap: Rect,
    answer: Rect,
    bordered: bool,
}

fn is_roomy(size: Size) -> bool {
    size.width >= ROOMY.width && size.height >= ROOMY.height
}

fn place(rows: usize, recap: usize, size: Size) -> Place {
    let Size { width, height } = size;
    if !is_roomy(size) {
        let whole = Rect { x: 0, y: 0, width, height };
        let (plan, recap) = split(Rect { height: height.saturating_sub(1), ..whole }, rows, recap);
        let answer = Rect { y: height.saturating_sub(1), height: height.min(1), ..whole };
        return Place { whole, plan, recap, answer, bordered: false };
    }
    // Two borders, a blank row above and below the plan, the answer; and the status line stays in sight.
    let tall = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(5).min(height - 1);
    let whole = Rect { x: 0, y: height - 1 - tall, width, height: tall };
    let inner = Rect { x: 3, y: whole.y + 1, width: columns(size), height: tall - 2 };
    let room = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let (plan, recap) = match usize::from(room.height).saturating_sub(1) < rows {
        true => split(room, rows, recap),
        // A blank row in place of the recap.
        false => split(Rect { height: room.height.saturating_sub(1), ..room }, rows, recap),
    };
    Place { whole, plan, recap, answer: Rect { y: inner.bottom() - 1, height: 1, ..inner }, bordered: true }
}

/// The room of a plan and that of its recap below: none if the plan is all there, and never more than two thirds.
fn split(room: Rect, rows: usize, recap: usize) -> (Rect, Rect) {
    let below = match rows > usize::from(room.height) && room.height >= RECAP_FROM {
        true => u16::try_from(recap).unwrap_or(u16::MAX).min(room.height * 2 / 3),
        false => 0,
    };
    let plan = Rect { height: room.height - below, ..room };
    (plan, Rect { y: plan.bottom(), height: below, ..room })
}

/// The columns that a plan is wrapped to.
fn columns(size: Size) -> u16 {
    if is_roomy(size) { size.width - 6 } else { size.width }
}

/// The first row of the question: what is above it stays in sight.
pub(crate) fn top(approval: &Approval, theme: Theme, size: Size) -> u16 {
    laid_out(approval, theme, size).1.whole.y
}

/// What of a plan a screen of this size shows.
pub(crate) fn drawn(approval: &Approval, theme: Theme, size: Size) -> Drawn {
    let columns = columns(size);
    if usize::from(columns) < NARROWEST {
        return Drawn { columns, rows: 0, room: 0 };
    }
    let (rows, place) = laid_out(approval, theme, size);
    Drawn { columns, rows: rows.len(), room: usize::from(place.plan.height) }
}

/// The rows of a plan, and where they go.
fn laid_out(approval: &Approval, theme: Theme, size: Size) -> (Rows, Place) {
    let width = usize::from(columns(size));
    let rows = approval.rows(width, |proposal| match width < NARROWEST {
        true => vec![Line::raw("make the window larger")],
        false => plan(proposal, width, theme),
    });
    let recap = if width < NARROWEST { 0 } else { recap(&approval.proposal, width, theme).len() };
    let place = place(rows.len(), recap, size);
    (rows, place)
}

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, approval: &Approval, size: Size) {
    let theme = app.theme;
    let (lines, place) = laid_out(approval, theme, size);
    frame.render_widget(Clear, place.whole);
    let risky = match approval.proposal.risk {
        Risk::Routine => theme.warning(),
        Risk::Destructive => theme.bad(),
    };
    let room = usize::from(place.plan.height);
    let above = approval.scroll().min(lines.len().saturating_sub(room));
    let below = lines.len().saturating_sub(above + room);
    if place.bordered {
        let title = match approval.proposal.risk {
            Risk::Routine => " Approve this change? ",
            Risk::Destructive => " Approve this DESTRUCTIVE change? ",
        };
        let mut block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(risky)
            .title(Line::styled(title, risky))
            .title_alignment(Alignment::Left);
        if above > 0 {
            block = block.title_top(Line::styled(format!(" ↑ {above} more "), risky).right_aligned());
        }
        if below > 0 {
            block = block.title_bottom(Line::styled(format!(" ↓ {below} more "), risky).right_aligned());
        }
        if app.approvals.len() > 1 {
            let more = app.approvals.len() - 1;
            block = block.title_bottom(Line::styled(format!(" {more} more to ask about "), theme.faint()));
        }
        frame.render_widget(block, place.whole);
    }
    let shown: Vec<Line<'static>> = lines.iter().skip(above).take(room).cloned().collect();
    frame.render_widget(Text::from(shown), place.plan);
    if place.recap.height > 0 {
        let recap = recap(&approval.proposal, usize::from(place.recap.width), theme);
        frame.render_widget(Text::from(recap), place.recap);
    }
    answer(frame, app, approval, place.answer);
}

/// The row where the answer goes: what counts now, and what is typed so far.
fn answer(frame: &mut Frame<'_>, app: &App, approval: &Approval, area: Rect) {
    let theme = app.theme;
    let key = |key: &'static str, word: &'static str, style: Style| {
        [Span::styled(key, style), Span::styled(format!(" {word}   "), theme.text())]
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    if !approval.is_seen() {
        spans.extend(key("↓ PgDn", "read on, to the end", theme.strong()));
        spans.extend(key("n", "deny", theme.strong()));
    } else {
        match approval.proposal.risk {
            Risk::Routine => {
                spans.extend(key("y", "approve", theme.good().patch(theme.strong())));
                spans.extend(key("n", "deny", theme.strong()));
            }
            Risk::Destructive => {
                spans.push(Span::raw("type yes and Enter to approve, n to deny: "));
                spans.push(Span::styled(approval.typed().to_owned(), theme.bad()));
                let used: usize = spans.iter().map(Span::width).sum();
                let x = area.x.saturating_add(u16::try_from(used).unwrap_or(u16::MAX));
                if x < area.right() {
                    frame.set_cursor_position(Position { x, y: area.y });
                }
            }
        }
    }
    let line = Line::from(spans);
    let line = if approval.listens(app.now) { line } else { line.patch_style(theme.faint()) };
    frame.render_widget(line, area);
}

/// What a long plan is about, beside its question all the time: how much on which node, how risky, and who wants it. The
/// first row holds the most of it, should there be room for no other.
fn recap(proposal: &Proposal, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let (risk, style) = match proposal.risk {
        Risk::Routine => ("routine", theme.strong()),
        Risk::Destructive => ("DESTRUCTIVE", theme.bad()),
    };
    let asked = match proposal.origin {
        Origin::Person => "you",
        Origin::Model => "a model",
    };
    let steps = match proposal.steps.len() {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let words = format!("{steps} on {}, {risk}, asked by {asked}", proposal.node);
    wrap(&words, columns, Wrap::Words).into_iter().map(|row| Line::styled(row, style)).collect()
}

/// The whole plan, as it will run.
fn plan(proposal: &Proposal, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut put = |before: &str, text: &str, how: Wrap, style: Style| {
        let room = columns.saturating_sub(before.chars().count()).max(1);
        for (at, row) in wrap(text, room, how).into_iter().enumerate() {
            let before = if at == 0 { before.to_owned() } else { " ".repeat(before.chars().count()) };
            lines.push(Line::from(vec![Span::styled(before, theme.faint()), Span::styled(row, style)]));
        }
    };
    put("", &proposal.summary, Wrap::Words, theme.strong());
    put("", "", Wrap::Words, theme.text());
    let label = |word: &str| if columns >= 40 { format!("{word:<LABEL$}") } else { format!("{word}: ") };
    let node = format!("{}  {}", proposal.node, proposal.address);
    put(&label("node"), &node, Wrap::Exact, theme.strong());
    if let Some(route) = &proposal.route {
        put(&label("route"), route, Wrap::Exact, theme.text());
    }
    if let Some(host_key) = &proposal.host_key {
        put(&label("host key"), host_key, Wrap::Exact, theme.text());
    }
    put(&label("action"), &proposal.action, Wrap::Exact, theme.text());
    match proposal.origin {
        Origin::Person => put(&label("asked by"), "you", Wrap::Words, theme.text()),
        Origin::Model => {
            put(
                &label("asked by"),
                "a model, which made this plan of your words",
                Wrap::Words,
                theme.warning(),
            );
        }
    }
    match proposal.risk {
        Risk::Routine => put(&label("risk"), "routine", Wrap::Words, theme.text()),
        Risk::Destructive => put(
            &label("risk"),
            "DESTRUCTIVE: it can lose data, or cut the node off",
            Wrap::Words,
            theme.bad(),
        ),
    }
    put("", "", Wrap::Words, theme.text());
    let steps = proposal.steps.len();
    let heading = if steps == 1 { "This will run:" } else { "These will run, one after the other:" };
    put("", heading, Wrap::Words, theme.text());
    let width = steps.to_string().len();
    for (at, step) in proposal.steps.iter().enumerate() {
        put(&format!("  {:>width$}  ", at + 1), step, Wrap::Exact, theme.strong());
    }
    if !proposal.warnings.is_empty() {
        put("", "", Wrap::Words, theme.text());
    }
    for warning in &proposal.warnings {
        put("! ", warning, Wrap::Words, theme.warning());
    }
    if !proposal.expects.is_empty() {
        put("", "", Wrap::Words, theme.text());
        put("", "Runs only while this holds:", Wrap::Words, theme.text());
    }
    for expectation in &proposal.expects {
        put("  · ", expectation, Wrap::Words, theme.faint());
    }
    lines
}
