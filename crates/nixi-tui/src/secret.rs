//! A secret that is asked for: what is typed of it, and which keys count. Nothing of it is shown.

use std::fmt;
use std::time::Duration;

use nixi_core::secret::Secret;
use nixi_core::session::SecretWanted;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::zeroize::Zeroizing;

use crate::approval::{QUIET, Ticket};

/// What a person has typed of a secret; wiped when it is dropped, and never printed.
#[derive(Clone, Default)]
pub(crate) struct Typed(Zeroizing<String>);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl Typed {
    /// Room for all of it at once: a text that grows leaves copies behind.
    fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(Secret::LIMIT)))
    }

    fn push(&mut self, c: char) {
        if self.0.len() + c.len_utf8() <= Secret::LIMIT {
            self.0.push(c);
        }
    }

    /// The secret, if that can be one.
    pub(crate) fn into_secret(self) -> Option<Secret> {
        Secret::new(self.0.as_bytes().to_vec()).ok()
    }
}

/// A secret that is asked for on the screen.
#[derive(Debug, Clone)]
pub(crate) struct OpenSecret {
    pub(crate) ticket: Ticket,
    /// Its name, such as `DB_PASSWORD`.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) purpose: String,
    typed: Typed,
    /// Since when it has been on the screen, with the keyboard quiet.
    quiet_since: Option<Duration>,
}

/// What a key came to.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// It is still being typed.
    Typing,
    /// This is it.
    Given(Typed),
    /// There is none.
    Withheld,
}

impl OpenSecret {
    /// A question that nobody has seen yet.
    pub(crate) fn of(ticket: Ticket, wanted: &SecretWanted) -> Self {
        let (name, purpose) = (wanted.name().to_owned(), wanted.purpose().to_owned());
        Self { ticket, name, purpose, typed: Typed::new(), quiet_since: None }
    }

    /// How many characters are typed.
    pub(crate) fn len(&self) -> usize {
        self.typed.0.chars().count()
    }

    /// Notes that it is on the screen since `now`.
    pub(crate) fn drawn(&mut self, now: Duration) {
        self.quiet_since.get_or_insert(now);
    }

    /// Whether keys count by now: what was typed for something else is no part of a secret.
    pub(crate) fn listens(&self, now: Duration) -> bool {
        self.quiet_since.is_some_and(|since| now >= since + QUIET)
    }

    /// Pasted text becomes part of it, to its first line break.
    pub(crate) fn paste(&mut self, text: String) {
        let text = Zeroizing::new(text);
        let line = text.split(['\r', '\n']).next().unwrap_or_default();
        line.chars().filter(|c| !c.is_control()).for_each(|c| self.typed.push(c));
    }

    /// A key that was pressed at `at`.
    pub(crate) fn key(&mut self, key: KeyEvent, at: Duration) -> Verdict {
        if key.code == KeyCode::Esc && self.quiet_since.is_some_and(|since| at >= since) {
            return Verdict::Withheld;
        }
        if !self.listens(at) {
            if let Some(since) = &mut self.quiet_since {
                *since = at.max(*since);
            }
            return Verdict::Typing;
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match (key.code, plain) {
            (KeyCode::Enter, _) if self.len() == 0 => return Verdict::Withheld,
            (KeyCode::Enter, _) => return Verdict::Given(std::mem::take(&mut self.typed)),
            (KeyCode::Backspace, _) => drop(self.typed.0.pop()),
            (KeyCode::Char('u'), false) => self.typed = Typed::new(),
            (KeyCode::Char(c), true) => self.typed.push(c),
            _ => {}
        }
        Verdict::Typing
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn wanted() -> OpenSecret {
        OpenSecret {
            ticket: Ticket(1),
            name: "DB_PASSWORD".to_owned(),
            purpose: "container.deploy on web-server".to_owned(),
            typed: Typed::new(),
            quiet_since: None,
        }
    }

    fn press(secret: &mut OpenSecret, code: KeyCode) -> Verdict {
        secret.key(KeyEvent::new(code, KeyModifiers::NONE), Duration::from_secs(5))
    }

    fn type_in(secret: &mut OpenSecret, text: &str) {
        for c in text.chars() {
            assert!(matches!(press(secret, KeyCode::Char(c)), Verdict::Typing));
        }
    }

    #[test]
    fn what_is_typed_is_given_by_enter() {
        let mut secret = wanted();
        type_in(&mut secret, "nobody saw the question");
        assert_eq!(secret.len(), 0);
        secret.drawn(Duration::from_secs(1));
        type_in(&mut secret, "hunter22");
        press(&mut secret, KeyCode::Backspace);
        secret.paste("!\nmore".to_owned());
        let Verdict::Given(typed) = press(&mut secret, KeyCode::Enter) else { panic!() };
        assert_eq!(typed.0.as_str(), "hunter2!");
        assert!(!format!("{typed:?} {secret:?}").contains("hunter"));
    }

    #[test]
    fn escape_and_an_empty_line_give_none() {
        let mut secret = wanted();
        secret.drawn(Duration::from_secs(1));
        assert!(matches!(press(&mut secret, KeyCode::Enter), Verdict::Withheld));
        type_in(&mut secret, "x");
        assert!(matches!(press(&mut secret, KeyCode::Esc), Verdict::Withheld));
    }
}
