//! The question before a change: what is shown, and which keys count.
//!
//! Default is no, and a no counts at once. A yes counts only once the whole plan has been on the screen, and only after the keyboard has been
//! quiet for a moment, so that what was typed for something else approves nothing.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use nixi_core::plan::{LeftOut, Part, YES};
use nixi_core::{Origin, Review, Risk, StepView, Undo};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Line;

/// How long the keyboard has to be quiet after the question has appeared.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

/// Names a pending question between the screen and whoever holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(crate) u64);

/// A review as it is shown. Making one approves nothing: the answer goes to the review behind the ticket.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) ticket: Ticket,
    /// The number of the request that it takes back, if it does.
    pub(crate) undoes: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) risk: Risk,
    pub(crate) summary: String,
    /// What would be done, in order; one at least.
    pub(crate) parts: Vec<Change>,
    /// What was asked for too and is no part of it, a line each.
    pub(crate) left_out: Vec<String>,
}

/// One part of it.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) action: String,
    pub(crate) node: String,
    pub(crate) address: String,
    pub(crate) route: Option<String>,
    pub(crate) host_key: Option<String>,
    pub(crate) risk: Risk,
    pub(crate) summary: String,
    pub(crate) steps: Vec<StepView>,
    pub(crate) expects: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Proposal {
    /// What a review says.
    pub(crate) fn of(ticket: Ticket, review: &Review) -> Self {
        let left_out = |left: &LeftOut| format!("left out: {} on {}: {}", left.action, left.node, left.why);
        Self {
            ticket,
            undoes: review.undoes.map(|request| request.to_string()),
            origin: review.origin,
            risk: review.risk,
            summary: review.summary(),
            parts: review.parts.iter().map(Change::of).collect(),
            left_out: review.left_out.iter().map(left_out).collect(),
        }
    }

    /// All steps of all parts.
    pub(crate) fn steps(&self) -> usize {
        self.parts.iter().map(|part| part.steps.len()).sum()
    }
}

impl Change {
    fn of(part: &Part) -> Self {
        Self {
            action: part.action.to_string(),
            node: part.node.clone(),
            address: part.address.clone(),
            route: part.route_words(),
            host_key: part.host_key.as_ref().map(ToString::to_string),
            risk: part.risk,
            summary: part.summary.clone(),
            steps: part.steps.clone(),
            expects: part.expects.clone(),
            warnings: warnings(part),
        }
    }
}

/// What a key came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is decided.
    Undecided,
    /// Yes.
    Approve,
    /// These parts alone, counted from 0: they are asked about anew.
    Keep(Vec<usize>),
    /// No.
    Deny,
}

/// A proposal on the screen.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    pub(crate) proposal: Proposal,
    /// The first row of the plan that is shown.
    scroll: usize,
    /// How many rows the plan has, and how many of them fit, as last drawn.
    drawn: Option<Drawn>,
    /// Rows seen so far, without a gap, from the first.
    seen: usize,
    /// Since when the question has been on the screen.
    shown_since: Option<Duration>,
    /// Since when the keyboard has been quiet with the question on the screen; none before it was drawn.
    quiet_since: Option<Duration>,
    typed: String,
    /// The parts that the person wants alone.
    chosen: BTreeSet<usize>,
    /// The rows of the plan at the width at which they were last wanted: a plan may have ten thousand steps, and is drawn at
    /// every key.
    rows: RefCell<Option<(usize, Rows)>>,
}

/// The rows of a plan.
pub(crate) type Rows = Arc<Vec<Line<'static>>>;

/// What of a plan was on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// The columns that the plan was wrapped to.
    pub(crate) columns: u16,
    /// All rows of the plan.
    pub(crate) rows: usize,
    /// How many of them there was room for.
    pub(crate) room: usize,
}

impl Approval {
    /// A question that nobody has seen yet.
    pub(crate) fn new(proposal: Proposal) -> Self {
        Self {
            proposal,
            scroll: 0,
            drawn: None,
            seen: 0,
            shown_since: None,
            quiet_since: None,
            typed: String::new(),
            chosen: BTreeSet::new(),
            rows: RefCell::new(None),
        }
    }

    /// The rows of the plan at a width, laid out if they are not yet.
    pub(crate) fn rows(&self, columns: usize, lay_out: impl FnOnce(&Self) -> Vec<Line<'static>>) -> Rows {
        let mut kept = self.rows.borrow_mut();
        match &*kept {
            Some((of, rows)) if *of == columns => Arc::clone(rows),
            Some(_) | None => {
                let rows = Arc::new(lay_out(self));
                *kept = Some((columns, Arc::clone(&rows)));
                rows
            }
        }
    }

    /// The first row to be shown.
    pub(crate) fn scroll(&self) -> usize {
        self.scroll
    }

    /// The parts that the person wants alone; while there are any, there is no yes.
    pub(crate) fn chosen(&self) -> &BTreeSet<usize> {
        &self.chosen
    }

    /// Whether a part is left out by what the person chose.
    pub(crate) fn leaves_out(&self, part: usize) -> bool {
        !self.chosen.is_empty() && !self.chosen.contains(&part)
    }

    /// Chooses a part, or lets go of it; whether the key is for that. All of them are as many as none.
    fn turn_over(&mut self, key: char) -> bool {
        let count = self.proposal.parts.len();
        let Some(digit) = key.to_digit(10).filter(|_| count > 1) else { return false };
        let part = usize::try_from(digit).ok().and_then(|digit| digit.checked_sub(1));
        if let Some(part) = part.filter(|part| *part < count) {
            if !self.chosen.remove(&part) {
                self.chosen.insert(part);
            }
            if self.chosen.len() == count {
                self.chosen.clear();
            }
            self.typed.clear();
            *self.rows.borrow_mut() = None;
        }
        true
    }

    /// What stands of the word so far.
    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }

    /// Notes what is on the screen since `now`.
    pub(crate) fn drawn(&mut self, drawn: Drawn, now: Duration) {
        if self.drawn.is_none_or(|before| before.columns != drawn.columns) {
            self.seen = 0;
        }
        self.drawn = Some(drawn);
        self.scroll = self.scroll.min(drawn.rows.saturating_sub(drawn.room));
        if self.scroll <= self.seen {
            self.seen = self.seen.max((self.scroll + drawn.room).min(drawn.rows));
        }
        self.shown_since.get_or_insert(now);
        self.quiet_since.get_or_insert(now);
    }

    /// Whether every row has been on the screen.
    pub(crate) fn is_seen(&self) -> bool {
        self.drawn.is_some_and(|drawn| drawn.rows > 0 && drawn.room > 0 && self.seen >= drawn.rows)
    }

    /// Whether keys count by now.
    pub(crate) fn listens(&self, now: Duration) -> bool {
        self.quiet_since.is_some_and(|since| now >= since + QUIET)
    }

    /// A key that was pressed at `at`.
    pub(crate) fn key(&mut self, key: KeyEvent, at: Duration) -> Verdict {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        // A no is always safe, so it counts as soon as there is a question to say it to.
        let is_asked = self.shown_since.is_some_and(|since| at >= since);
        let is_n = plain && self.typed.is_empty() && matches!(key.code, KeyCode::Char('n' | 'N'));
        if is_asked && (is_n || key.code == KeyCode::Esc) {
            return Verdict::Deny;
        }
        if !self.listens(at) {
            // Typed for something else, maybe before the question was seen: whoever types on has not read it.
            if let Some(since) = &mut self.quiet_since {
                *since = at.max(*since);
            }
            return Verdict::Undecided;
        }
        let page = self.drawn.map_or(1, |drawn| drawn.room).max(1);
        if let (KeyCode::Char(digit), true) = (key.code, plain)
            && self.turn_over(digit)
        {
            return Verdict::Undecided;
        }
        match (key.code, self.proposal.risk) {
            (KeyCode::Enter, _) if !self.chosen.is_empty() => {
                return Verdict::Keep(self.chosen.iter().copied().collect());
            }
            (KeyCode::Char('y'), _) if !self.chosen.is_empty() => {}
            (KeyCode::Up, _) => self.scroll_by(-1),
            (KeyCode::Down, _) => self.scroll_by(1),
            (KeyCode::PageUp, _) => self.scroll_by(-isize::try_from(page).unwrap_or(1)),
            (KeyCode::PageDown | KeyCode::Char(' '), _) => self.scroll_by(isize::try_from(page).unwrap_or(1)),
            (KeyCode::Char(c), Risk::Routine)
                if plain && Risk::Routine.is_yes(c.encode_utf8(&mut [0; 4])) && self.is_seen() =>
            {
                return Verdict::Approve;
            }
            (KeyCode::Char(c), Risk::Destructive)
                if plain && self.typed.len() < YES.len() && c.is_ascii() =>
            {
                self.typed.push(c);
            }
            (KeyCode::Backspace, Risk::Destructive) => {
                self.typed.pop();
            }
            (KeyCode::Enter, risk @ Risk::Destructive) if risk.is_yes(&self.typed) && self.is_seen() => {
                return Verdict::Approve;
            }
            _ => {}
        }
        Verdict::Undecided
    }

    fn scroll_by(&mut self, rows: isize) {
        let last = self.drawn.map_or(0, |drawn| drawn.rows.saturating_sub(drawn.room));
        self.scroll = self.scroll.saturating_add_signed(rows).min(last);
    }
}

/// What a person should know first, and what they cannot take back.
fn warnings(part: &Part) -> Vec<String> {
    let undo = match &part.undo {
        Undo::Cannot(why) => Some(format!("no undo: {why}")),
        Undo::Calls(_) => None,
    };
    part.warnings.iter().cloned().chain(undo).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn proposal(risk: Risk) -> Proposal {
        let stop = Change {
            action: "container.stop".to_owned(),
            node: "web-server".to_owned(),
            address: "nixi@192.168.1.10".to_owned(),
            route: None,
            host_key: Some("SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK".to_owned()),
            risk,
            summary: "stop the container redis".to_owned(),
            steps: vec![StepView::of_line("podman stop redis")],
            expects: vec!["redis is still the container 4b1f00c0ffee".to_owned()],
            warnings: Vec::new(),
        };
        Proposal {
            ticket: Ticket(1),
            undoes: None,
            origin: Origin::Person,
            risk,
            summary: stop.summary.clone(),
            parts: vec![stop],
            left_out: Vec::new(),
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn press(approval: &mut Approval, code: KeyCode, at: Duration) -> Verdict {
        approval.key(KeyEvent::new(code, KeyModifiers::NONE), at)
    }

    fn shown(risk: Risk) -> Approval {
        let mut approval = Approval::new(proposal(risk));
        approval.drawn(Drawn { columns: 60, rows: 10, room: 10 }, Duration::ZERO);
        approval
    }

    #[test]
    fn y_approves_a_routine_plan_and_enter_does_not() {
        let mut approval = shown(Risk::Routine);
        assert_eq!(press(&mut approval, KeyCode::Enter, SECOND), Verdict::Undecided);
        assert_eq!(press(&mut approval, KeyCode::Char('Y'), SECOND), Verdict::Undecided);
        assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Approve);
        let ctrl_y = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::CONTROL);
        assert_eq!(approval.key(ctrl_y, SECOND), Verdict::Undecided);
    }

    #[test]
    fn n_and_escape_deny() {
        for risk in [Risk::Routine, Risk::Destructive] {
            for code in [KeyCode::Char('n'), KeyCode::Char('N'), KeyCode::Esc] {
                assert_eq!(press(&mut shown(risk), code, SECOND), Verdict::Deny);
            }
        }
    }

    #[test]
    fn a_no_counts_at_once_but_not_before_there_is_a_question() {
        for risk in [Risk::Routine, Risk::Destructive] {
            for code in [KeyCode::Char('n'), KeyCode::Char('N'), KeyCode::Esc] {
                let mut approval = Approval::new(proposal(risk));
                assert_eq!(press(&mut approval, code, SECOND), Verdict::Undecided);
                approval.drawn(Drawn { columns: 60, rows: 3, room: 9 }, 2 * SECOND);
                assert_eq!(press(&mut approval, code, SECOND), Verdict::Undecided);
                assert_eq!(press(&mut approval, KeyCode::Char('y'), 2 * SECOND), Verdict::Undecided);
                assert_eq!(press(&mut approval, code, 2 * SECOND), Verdict::Deny);
            }
        }
    }

    #[test]
    fn a_destructive_plan_needs_the_whole_word() {
        let mut approval = shown(Risk::Destructive);
        for code in [KeyCode::Char('y'), KeyCode::Enter, KeyCode::Char('e'), KeyCode::Enter] {
            assert_eq!(press(&mut approval, code, SECOND), Verdict::Undecided);
        }
        for code in [KeyCode::Backspace, KeyCode::Char('e'), KeyCode::Char('s'), KeyCode::Char('!')] {
            assert_eq!(press(&mut approval, code, SECOND), Verdict::Undecided);
        }
        assert_eq!(approval.typed(), "yes");
        assert_eq!(press(&mut approval, KeyCode::Enter, SECOND), Verdict::Approve);
    }

    #[test]
    fn keys_typed_before_it_was_drawn_do_nothing() {
        let mut approval = Approval::new(proposal(Risk::Routine));
        assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Undecided);
        approval.drawn(Drawn { columns: 60, rows: 3, room: 9 }, 2 * SECOND);
        // Read from the terminal before the question was drawn, and handled only now.
        assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Undecided);
        assert_eq!(press(&mut approval, KeyCode::Char('y'), 3 * SECOND), Verdict::Approve);
    }

    #[test]
    fn whoever_types_on_approves_nothing() {
        let mut approval = shown(Risk::Routine);
        for tenth in 1..100u32 {
            let at = Duration::from_millis(100) * tenth;
            assert_eq!(press(&mut approval, KeyCode::Char('y'), at), Verdict::Undecided);
        }
        assert_eq!(press(&mut approval, KeyCode::Char('y'), 20 * SECOND), Verdict::Approve);
    }

    #[test]
    fn a_long_plan_is_read_to_its_end_first() {
        let mut approval = Approval::new(proposal(Risk::Routine));
        let drawn = Drawn { columns: 60, rows: 25, room: 10 };
        approval.drawn(drawn, Duration::ZERO);
        for _ in 0..2 {
            assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Undecided);
            press(&mut approval, KeyCode::PageDown, SECOND);
            approval.drawn(drawn, SECOND);
        }
        assert_eq!(approval.scroll(), 15);
        assert_eq!(press(&mut approval.clone(), KeyCode::Char('y'), SECOND), Verdict::Approve);
        // Wrapped anew, it is another text.
        approval.drawn(Drawn { columns: 30, rows: 50, room: 10 }, SECOND);
        assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Undecided);
    }

    #[test]
    fn a_plan_is_laid_out_once_a_width() {
        let approval = Approval::new(proposal(Risk::Routine));
        let laid_out = std::cell::Cell::new(0);
        for (columns, times) in [(60, 1), (60, 1), (30, 2), (30, 2), (60, 3)] {
            approval.rows(columns, |_| {
                laid_out.set(laid_out.get() + 1);
                Vec::new()
            });
            assert_eq!(laid_out.get(), times, "{columns}");
        }
    }

    /// Fewer parts are another plan: it is asked about anew, and nothing is approved by choosing some.
    #[test]
    fn parts_that_are_chosen_are_no_yes() {
        for risk in [Risk::Routine, Risk::Destructive] {
            let mut three = proposal(risk);
            three.parts = vec![three.parts[0].clone(); 3];
            let mut approval = Approval::new(three);
            approval.drawn(Drawn { columns: 60, rows: 10, room: 10 }, Duration::ZERO);
            for code in [KeyCode::Char('2'), KeyCode::Char('4'), KeyCode::Char('0'), KeyCode::Char('y')] {
                assert_eq!(press(&mut approval, code, SECOND), Verdict::Undecided);
            }
            assert_eq!(press(&mut approval.clone(), KeyCode::Enter, SECOND), Verdict::Keep(vec![1]));
            assert_eq!(press(&mut approval, KeyCode::Char('1'), SECOND), Verdict::Undecided);
            assert_eq!(press(&mut approval.clone(), KeyCode::Enter, SECOND), Verdict::Keep(vec![0, 1]));
            assert!(approval.leaves_out(2) && !approval.leaves_out(0));
            assert_eq!(press(&mut approval, KeyCode::Char('3'), SECOND), Verdict::Undecided);
            assert!(approval.chosen().is_empty(), "all of them is the whole plan");
            for digit in ['2', '2'] {
                press(&mut approval, KeyCode::Char(digit), SECOND);
            }
            assert!(approval.chosen().is_empty());
            match risk {
                Risk::Routine => {
                    assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Approve)
                }
                Risk::Destructive => {
                    for key in "yes".chars() {
                        press(&mut approval, KeyCode::Char(key), SECOND);
                    }
                    assert_eq!(press(&mut approval, KeyCode::Enter, SECOND), Verdict::Approve);
                }
            }
        }
        assert_eq!(press(&mut shown(Risk::Routine), KeyCode::Char('1'), SECOND), Verdict::Undecided);
    }

    #[test]
    fn without_room_to_read_there_is_no_yes() {
        let mut approval = Approval::new(proposal(Risk::Routine));
        approval.drawn(Drawn { columns: 0, rows: 0, room: 0 }, Duration::ZERO);
        assert_eq!(press(&mut approval, KeyCode::Char('y'), SECOND), Verdict::Undecided);
        assert_eq!(press(&mut approval, KeyCode::Char('n'), SECOND), Verdict::Deny);
    }
}
