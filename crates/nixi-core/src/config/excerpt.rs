//! One line of a configuration file, fit to be shown: cleaned, cut, and without secrets.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::text::clean_line;

/// Columns of a line that are shown at most.
const WIDTH: usize = 100;
/// Columns that are kept left of the caret when the beginning is cut.
const LEFT: usize = 40;

/// A place in a file, counted from 1; the column in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) line: usize,
    pub(crate) column: usize,
    shown: String,
    pad: usize,
    carets: usize,
}

impl Excerpt {
    /// The first line of the span. With `hide` the value on it is never shown, and never where its key sounds secret.
    pub(crate) fn new(text: &str, span: Range<usize>, hide: bool) -> Self {
        let start = boundary(text, span.start);
        let end = boundary(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let raw = text[line_start..].split('\n').next().unwrap_or_default();
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let column = text[line_start..start].chars().count();
        let span_chars = text[start..end].split(['\r', '\n']).next().unwrap_or_default().chars().count();

        let mut chars: Vec<char> = clean_line(raw).chars().collect();
        if let Some(keep) = secret_from(raw, hide) {
            chars.truncate(keep);
            chars.extend(" …".chars());
        }
        let from = column.min(chars.len());
        let upto = (from + span_chars).min(chars.len());

        let mut first = 0;
        if columns(&chars[..upto]) > WIDTH {
            let mut left = columns(&chars[..from]);
            while left > LEFT {
                left -= width(chars[first]);
                first += 1;
            }
        }
        let mut shown = String::new();
        let mut last = first;
        let mut used = 0;
        while let Some(&c) = chars.get(last) {
            used += width(c);
            if used > WIDTH {
                break;
            }
            shown.push(c);
            last += 1;
        }
        let cut_left = first > 0;
        if cut_left {
            shown.insert(0, '…');
        }
        if last < chars.len() {
            shown.push('…');
        }
        let pad = columns(&chars[first..from]) + usize::from(cut_left);
        let carets = columns(&chars[from..upto.min(last).max(from)]).max(1);
        Self { line: text[..start].matches('\n').count() + 1, column: column + 1, shown, pad, carets }
    }

    /// The line and the caret under it, each ending in a newline.
    pub(crate) fn render(&self) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let line = format!("{number} | {}", self.shown);
        let caret = format!("{gutter} | {}{}", " ".repeat(self.pad), "^".repeat(self.carets));
        format!("{}\n{caret}\n", line.trim_end())
    }
}

/// How many characters of the line may be shown, if not all: up to the `=` of the first key that sounds secret.
fn secret_from(line: &str, hide: bool) -> Option<usize> {
    const WORDS: [&str; 6] = ["key", "pass", "secret", "token", "auth", "credential"];
    const HARMLESS: [&str; 2] = ["api_key_env", "api_key_file"];
    let mut seen = 0;
    for part in line.split_inclusive('=') {
        seen += part.chars().count();
        let Some(before) = part.strip_suffix('=') else { break };
        let key = before.trim_end().trim_end_matches(['"', '\'']);
        let key: String =
            key.chars().rev().take_while(|c| c.is_alphanumeric() || "_-".contains(*c)).collect();
        let key: String = key.chars().rev().collect::<String>().to_lowercase();
        let secret = WORDS.iter().any(|word| key.contains(word)) && !HARMLESS.contains(&key.as_str());
        if secret || hide {
            return Some(seen);
        }
    }
    hide.then_some(0)
}

fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn width(c: char) -> usize {
    c.width().unwrap_or(0)
}

fn columns(chars: &[char]) -> usize {
    chars.iter().map(|c| width(*c)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, what: &str) -> String {
        let start = text.find(what).unwrap();
        Excerpt::new(text, start..start + what.len(), false).render()
    }

    #[test]
    fn the_caret_stands_under_the_span() {
        assert_eq!(shown("a = 1\nbc = 日本x\n", "x"), "2 | bc = 日本x\n  |          ^\n");
        assert_eq!(shown("\tabc = 1\r\n", "abc"), "1 |  abc = 1\n  |  ^^^\n");
        assert_eq!(Excerpt::new("", 0..0, false).render(), "1 |\n  | ^\n");
        assert_eq!(Excerpt::new("a =", 3..9, false).render(), "1 | a =\n  |    ^\n");
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let out = shown(&text, "X");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].chars().count() < 110, "{out}");
        assert_eq!(lines[0].chars().position(|c| c == 'X'), lines[1].chars().position(|c| c == '^'), "{out}");
    }

    #[test]
    fn nothing_a_terminal_obeys_is_shown() {
        let out = shown("a = \"\u{1b}[2J\u{202e}\" X", "X");
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out:?}");
    }

    #[test]
    fn a_secret_is_not_shown() {
        for line in ["api_key = \"sk-123\" X", "llm = { \"api_key\" = 'sk-123', X }", "PassWord=sk-123 X"] {
            let out = shown(line, "X");
            assert!(!out.contains("sk-123") && out.contains("= …"), "{out}");
        }
        assert!(shown("api_key_file = \"~/key\" X", "X").contains("~/key"));
        assert!(!Excerpt::new("nothing to = see", 0..3, true).render().contains("see"));
    }
}
