//! The question before a change.

use nixi_core::wrap::{Wrap, wrap};
use nixi_core::{Origin, Risk};
use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect, Size};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear};

use crate::app::App;
use crate::approval::{Approval, Change, Drawn, Proposal, Rows};
use crate::theme::Theme;

use super::diff;

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
    let rows = approval.rows(width, |approval| match width < NARROWEST {
        true => vec![Line::raw("make the window larger")],
        false => plan(approval, width, theme),
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
        let title = match (approval.proposal.risk, approval.proposal.parts.len()) {
            (Risk::Routine, 1) => " Approve this change? ",
            (Risk::Routine, _) => " Approve these changes? ",
            (Risk::Destructive, 1) => " Approve this DESTRUCTIVE change? ",
            (Risk::Destructive, _) => " Approve these changes? Some are DESTRUCTIVE ",
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
    if !approval.chosen().is_empty() {
        spans.extend(key("Enter", "show these alone", theme.strong()));
        spans.extend(key("n", "deny all", theme.strong()));
    } else if !approval.is_seen() {
        spans.extend(key("↓ PgDn", "read on, to the end", theme.strong()));
        spans.extend(key("n", "deny", theme.strong()));
    } else {
        match approval.proposal.risk {
            Risk::Routine => {
                let (yes, no) = match approval.proposal.parts.len() {
                    1 => ("approve", "deny"),
                    _ => ("approve all", "deny all"),
                };
                spans.extend(key("y", yes, theme.good().patch(theme.strong())));
                spans.extend(key("n", no, theme.strong()));
                match approval.proposal.parts.len() {
                    1 => {}
                    2 => spans.extend(key("1 2", "keep one alone", theme.strong())),
                    _ => spans.extend(key("1 2 3 …", "keep some alone", theme.strong())),
                }
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
    let steps = match proposal.steps() {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let on = match proposal.parts.as_slice() {
        [one] => one.node.clone(),
        _ => proposal.summary.clone(),
    };
    let words = match proposal.parts.len() {
        1 => format!("{steps} on {on}, {risk}, asked by {asked}"),
        _ => format!("{on}, {steps}, {risk}, asked by {asked}"),
    };
    wrap(&words, columns, Wrap::Words).into_iter().map(|row| Line::styled(row, style)).collect()
}

/// The whole plan, as it will run.
fn plan(approval: &Approval, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let proposal = &approval.proposal;
    let mut sheet = Sheet { lines: Vec::new(), columns, theme };
    sheet.put("", &proposal.summary, Wrap::Words, theme.strong());
    sheet.blank();
    match proposal.parts.as_slice() {
        [part] => {
            sheet.place(part);
            sheet.asker(proposal);
            sheet.risk(part.risk);
            sheet.left_out(proposal);
            sheet.blank();
            sheet.steps(part);
        }
        parts => {
            sheet.asker(proposal);
            sheet.risk(proposal.risk);
            sheet.left_out(proposal);
            for (at, part) in parts.iter().enumerate() {
                sheet.blank();
                let number = format!("{}. ", at + 1);
                if approval.leaves_out(at) {
                    let words = format!("(you leave this out) {}", part.summary);
                    sheet.put(&number, &words, Wrap::Words, theme.faint());
                    continue;
                }
                sheet.put(&number, &part.summary, Wrap::Words, theme.strong());
                sheet.place(part);
                sheet.risk(part.risk);
                sheet.steps(part);
            }
        }
    }
    sheet.lines
}

/// The rows of a plan, one below the other.
struct Sheet {
    lines: Vec<Line<'static>>,
    columns: usize,
    theme: Theme,
}

impl Sheet {
    fn put(&mut self, before: &str, text: &str, how: Wrap, style: Style) {
        let room = self.columns.saturating_sub(before.chars().count()).max(1);
        for (at, row) in wrap(text, room, how).into_iter().enumerate() {
            let before = if at == 0 { before.to_owned() } else { " ".repeat(before.chars().count()) };
            let before = Span::styled(before, self.theme.faint());
            self.lines.push(Line::from(vec![before, Span::styled(row, style)]));
        }
    }

    fn blank(&mut self) {
        self.put("", "", Wrap::Words, self.theme.text());
    }

    fn fact(&mut self, word: &str, text: &str, how: Wrap, style: Style) {
        let label = if self.columns >= 40 { format!("{word:<LABEL$}") } else { format!("{word}: ") };
        self.put(&label, text, how, style);
    }

    /// Where a part runs, and what it is.
    fn place(&mut self, part: &Change) {
        let theme = self.theme;
        self.fact("node", &format!("{}  {}", part.node, part.address), Wrap::Exact, theme.strong());
        if let Some(route) = &part.route {
            self.fact("route", route, Wrap::Exact, theme.text());
        }
        if let Some(host_key) = &part.host_key {
            self.fact("host key", host_key, Wrap::Exact, theme.text());
        }
        self.fact("action", &part.action, Wrap::Exact, theme.text());
    }

    fn asker(&mut self, proposal: &Proposal) {
        if let Some(request) = &proposal.undoes {
            let words = format!("request {request}");
            self.fact("undoes", &words, Wrap::Words, self.theme.text());
        }
        match proposal.origin {
            Origin::Person => self.fact("asked by", "you", Wrap::Words, self.theme.text()),
            Origin::Model => {
                let words = "a model, from your words";
                self.fact("asked by", words, Wrap::Words, self.theme.warning());
            }
        }
    }

    fn risk(&mut self, risk: Risk) {
        match risk {
            Risk::Routine => self.fact("risk", "routine", Wrap::Words, self.theme.text()),
            Risk::Destructive => {
                let words = "DESTRUCTIVE: it can lose data, or cut the node off";
                self.fact("risk", words, Wrap::Words, self.theme.bad());
            }
        }
    }

    fn left_out(&mut self, proposal: &Proposal) {
        proposal.left_out.iter().for_each(|left| self.put("! ", left, Wrap::Words, self.theme.warning()));
    }

    fn steps(&mut self, part: &Change) {
        let theme = self.theme;
        let steps = part.steps.len();
        let heading = if steps == 1 { "This will run:" } else { "These will run, one after the other:" };
        self.put("", heading, Wrap::Words, theme.text());
        let width = steps.to_string().len();
        for (at, step) in part.steps.iter().enumerate() {
            self.put(&format!("  {:>width$}  ", at + 1), &step.line, Wrap::Exact, theme.strong());
            for note in &step.notes {
                self.put(&" ".repeat(width + 4), note, Wrap::Words, theme.text());
            }
            if let Some(diff) = &step.diff {
                self.lines.extend(diff::lines(diff, width + 4, self.columns, theme));
            }
        }
        if !part.warnings.is_empty() {
            self.blank();
        }
        part.warnings.iter().for_each(|warning| self.put("! ", warning, Wrap::Words, theme.warning()));
        if !part.expects.is_empty() {
            self.blank();
            self.put("", "Runs only while this holds:", Wrap::Words, theme.text());
        }
        part.expects.iter().for_each(|expected| self.put("  · ", expected, Wrap::Words, theme.faint()));
    }
}
