//! The line that a person types.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::complete::complete;
use crate::history::History;

/// The most characters that a line holds; a paste is cut there.
const LIMIT: usize = 8192;

/// What a key did to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edited {
    /// It did what it does, if anything.
    Taken,
    /// There was no room for it.
    TooLong,
}

/// The line, its cursor, and what was typed before.
#[derive(Debug, Default)]
pub(crate) struct Prompt {
    input: Input,
    history: History,
}

impl Prompt {
    /// The line.
    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// Whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.input.value().is_empty()
    }

    /// The part of the line that fits into so many columns with the cursor in it, and the cursor's column.
    pub(crate) fn window(&self, columns: usize) -> (String, usize) {
        use unicode_width::UnicodeWidthChar;
        let cursor = self.input.visual_cursor();
        let skip = (cursor + 1).saturating_sub(columns);
        let (mut at, mut begun, mut shown) = (0, None, String::new());
        for c in self.input.value().chars() {
            let width = c.width().unwrap_or(0);
            if at >= skip {
                let start = *begun.get_or_insert(at);
                if at + width > start + columns {
                    break;
                }
                shown.push(c);
            }
            at += width;
        }
        (shown, cursor.saturating_sub(begun.unwrap_or(skip)))
    }

    /// Empties the line.
    pub(crate) fn clear(&mut self) {
        self.input.reset();
    }

    /// The line was taken: it goes to the history.
    pub(crate) fn submitted(&mut self, line: &str) {
        self.history.remember(line);
        self.clear();
    }

    /// A line that was taken held a secret: the history has this in its place.
    pub(crate) fn forget(&mut self, line: &str, shown: &str) {
        self.history.replace(line, shown);
        // What was cut of a line is kept to be put back.
        self.input = Input::default();
    }

    /// Pasted text becomes part of the line. It never submits anything: its line breaks become blanks.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", " ").replace('\r', " ");
        let room = LIMIT.saturating_sub(self.text().chars().count());
        for c in nixi_core::text::clean_line(text.trim()).chars().take(room) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Completes the word before the cursor; the choices, if there are several.
    pub(crate) fn complete(&mut self, nodes: &[String]) -> Option<String> {
        let before: String = self.text().chars().take(self.input.cursor()).collect();
        let after: String = self.text().chars().skip(self.input.cursor()).collect();
        let completion = complete(&before, nodes)?;
        let cursor = completion.line.chars().count();
        self.input = Input::new(completion.line + &after).with_cursor(cursor);
        (!completion.choices.is_empty()).then(|| completion.choices.join("  "))
    }

    /// A key of editing or of the history.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Edited {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let request = match (key.code, control, alt) {
            (KeyCode::Up, _, _) => {
                let older = self.history.older(self.input.value());
                return self.show(older);
            }
            (KeyCode::Down, _, _) => {
                let newer = self.history.newer();
                return self.show(newer);
            }
            (KeyCode::Char('p'), true, _) => {
                let older = self.history.older(self.input.value());
                return self.show(older);
            }
            (KeyCode::Char('n'), true, _) => {
                let newer = self.history.newer();
                return self.show(newer);
            }
            (KeyCode::Left, true, _) | (KeyCode::Char('b'), _, true) => InputRequest::GoToPrevWord,
            (KeyCode::Right, true, _) | (KeyCode::Char('f'), _, true) => InputRequest::GoToNextWord,
            (KeyCode::Left, _, _) | (KeyCode::Char('b'), true, _) => InputRequest::GoToPrevChar,
            (KeyCode::Right, _, _) | (KeyCode::Char('f'), true, _) => InputRequest::GoToNextChar,
            (KeyCode::Home, _, _) | (KeyCode::Char('a'), true, _) => InputRequest::GoToStart,
            (KeyCode::End, _, _) | (KeyCode::Char('e'), true, _) => InputRequest::GoToEnd,
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, _, true) => InputRequest::DeletePrevWord,
            (KeyCode::Char('u'), true, _) => InputRequest::DeleteFromStart,
            (KeyCode::Char('k'), true, _) => InputRequest::DeleteTillEnd,
            (KeyCode::Char('y'), true, _) => InputRequest::Yank,
            (KeyCode::Backspace, _, _) | (KeyCode::Char('h'), true, _) => InputRequest::DeletePrevChar,
            (KeyCode::Delete, _, _) | (KeyCode::Char('d'), true, _) => InputRequest::DeleteNextChar,
            (KeyCode::Char(c), false, false) => {
                if self.text().chars().count() >= LIMIT {
                    return Edited::TooLong;
                }
                // A terminal may be made to send what it would itself obey.
                let clean = nixi_core::text::clean_line(&c.to_string());
                InputRequest::InsertChar(clean.chars().next().unwrap_or(' '))
            }
            _ => return Edited::Taken,
        };
        self.input.handle(request);
        Edited::Taken
    }

    fn show(&mut self, line: Option<String>) -> Edited {
        if let Some(line) = line {
            self.input = Input::new(line);
        }
        Edited::Taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(prompt: &mut Prompt, code: KeyCode, modifiers: KeyModifiers) -> Edited {
        prompt.key(KeyEvent::new(code, modifiers))
    }

    fn type_in(prompt: &mut Prompt, text: &str) {
        for c in text.chars() {
            assert_eq!(press(prompt, KeyCode::Char(c), KeyModifiers::NONE), Edited::Taken);
        }
    }

    #[test]
    fn editing() {
        let mut prompt = Prompt::default();
        type_in(&mut prompt, "list containers");
        press(&mut prompt, KeyCode::Char('w'), KeyModifiers::CONTROL);
        type_in(&mut prompt, "nodes");
        press(&mut prompt, KeyCode::Home, KeyModifiers::NONE);
        press(&mut prompt, KeyCode::Delete, KeyModifiers::NONE);
        type_in(&mut prompt, "L");
        assert_eq!(prompt.text(), "List nodes");
        press(&mut prompt, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(prompt.text(), "L");
    }

    #[test]
    fn a_paste_is_one_line_and_submits_nothing() {
        let mut prompt = Prompt::default();
        prompt.paste("stop redis\r\non web\rnow\n\u{1b}[31m");
        assert_eq!(prompt.text(), "stop redis on web now \u{fffd}[31m");
        prompt.paste(&"x".repeat(3 * LIMIT));
        assert_eq!(prompt.text().chars().count(), LIMIT);
        assert_eq!(press(&mut prompt, KeyCode::Char('x'), KeyModifiers::NONE), Edited::TooLong);
    }

    #[test]
    fn the_cursor_stays_in_the_window() {
        let mut prompt = Prompt::default();
        type_in(&mut prompt, "0123456789");
        assert_eq!(prompt.window(20), ("0123456789".to_owned(), 10));
        assert_eq!(prompt.window(5), ("6789".to_owned(), 4));
        press(&mut prompt, KeyCode::Home, KeyModifiers::NONE);
        assert_eq!(prompt.window(5), ("01234".to_owned(), 0));
        prompt.clear();
        type_in(&mut prompt, "日本語日本語");
        for columns in 1..14 {
            let (shown, cursor) = prompt.window(columns);
            assert!(cursor < columns, "{columns}: {shown:?} {cursor}");
        }
    }

    #[test]
    fn tab_completes_before_the_cursor() {
        let mut prompt = Prompt::default();
        type_in(&mut prompt, "/remove w");
        assert_eq!(prompt.complete(&["web-server".to_owned()]), None);
        assert_eq!(prompt.text(), "/remove web-server ");
        prompt.clear();
        type_in(&mut prompt, "ping w");
        let choices = prompt.complete(&["web-1".to_owned(), "web-2".to_owned()]);
        assert_eq!(choices.as_deref(), Some("web-1  web-2"));
        assert_eq!(prompt.text(), "ping web-");
    }

    #[test]
    fn history_by_the_arrows() {
        let mut prompt = Prompt::default();
        prompt.submitted("first");
        type_in(&mut prompt, "dra");
        press(&mut prompt, KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(prompt.text(), "first");
        press(&mut prompt, KeyCode::Down, KeyModifiers::NONE);
        assert_eq!(prompt.text(), "dra");
    }
}
