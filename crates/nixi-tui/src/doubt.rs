//! The question which of several things it is to be: what is shown, and which keys count.
//!
//! It approves nothing: a change that was meant is asked about afterwards, and a switch in which something failed was approved before.

use std::time::Duration;

use nixi_core::session::{Doubt, Meaning};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::approval::{QUIET, Ticket};

/// A doubt on the screen. The answer goes to the one behind the ticket.
#[derive(Debug, Clone)]
pub(crate) struct OpenDoubt {
    pub(crate) ticket: Ticket,
    pub(crate) question: &'static str,
    pub(crate) message: String,
    pub(crate) meanings: Vec<Meaning>,
    /// Since when it has been on the screen, with the keyboard quiet.
    quiet_since: Option<Duration>,
}

/// What a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is said.
    Undecided,
    /// This one was meant, counted from 0.
    Meant(usize),
    /// None of them.
    None,
}

impl OpenDoubt {
    /// A question that nobody has seen yet.
    pub(crate) fn of(ticket: Ticket, doubt: &Doubt) -> Self {
        let message = doubt.message().to_owned();
        let (question, meanings) = (doubt.question(), doubt.meanings().to_vec());
        Self { ticket, question, message, meanings, quiet_since: None }
    }

    /// Notes that it is on the screen since `now`.
    pub(crate) fn drawn(&mut self, now: Duration) {
        self.quiet_since.get_or_insert(now);
    }

    /// Whether keys count by now.
    pub(crate) fn listens(&self, now: Duration) -> bool {
        self.quiet_since.is_some_and(|since| now >= since + QUIET)
    }

    /// A key that was pressed at `at`.
    pub(crate) fn key(&mut self, key: KeyEvent, at: Duration) -> Verdict {
        if key.code == KeyCode::Esc && self.quiet_since.is_some_and(|since| at >= since) {
            return Verdict::None;
        }
        if !self.listens(at) {
            if let Some(since) = &mut self.quiet_since {
                *since = at.max(*since);
            }
            return Verdict::Undecided;
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let number = key.code.as_char().filter(|_| plain).and_then(|digit| digit.to_digit(10));
        let number = number.and_then(|number| usize::try_from(number).ok());
        match number.and_then(|number| number.checked_sub(1)) {
            Some(at) if at < self.meanings.len() => Verdict::Meant(at),
            Some(_) | None => Verdict::Undecided,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn doubt() -> OpenDoubt {
        let meaning =
            |noun: &str, command: &str| Meaning { noun: noun.to_owned(), command: command.to_owned() };
        OpenDoubt {
            ticket: Ticket(1),
            question: "Which one is meant?",
            message: "redis can mean a container or a unit on web-server".to_owned(),
            meanings: vec![
                meaning("container", "nixi call container.stop names=redis --node web-server"),
                meaning("unit", "nixi call service.stop names=redis --node web-server"),
            ],
            quiet_since: None,
        }
    }

    fn press(doubt: &mut OpenDoubt, code: KeyCode, at: u64) -> Verdict {
        doubt.key(KeyEvent::new(code, KeyModifiers::NONE), Duration::from_millis(at))
    }

    #[test]
    fn a_number_says_which_and_escape_none() {
        let mut doubt = doubt();
        assert_eq!(press(&mut doubt, KeyCode::Esc, 900), Verdict::Undecided, "nobody has seen it");
        doubt.drawn(Duration::from_secs(1));
        assert_eq!(
            press(&mut doubt, KeyCode::Char('1'), 1_100),
            Verdict::Undecided,
            "typed for something else"
        );
        for other in [KeyCode::Char('0'), KeyCode::Char('3'), KeyCode::Char('y'), KeyCode::Enter] {
            assert_eq!(press(&mut doubt, other, 2_000), Verdict::Undecided, "{other:?}");
        }
        assert_eq!(press(&mut doubt, KeyCode::Char('1'), 2_000), Verdict::Meant(0));
        assert_eq!(press(&mut doubt, KeyCode::Char('2'), 2_000), Verdict::Meant(1));
        assert_eq!(press(&mut doubt, KeyCode::Esc, 2_000), Verdict::None);
    }
}
