//! Text cut into rows of the screen, counted in columns.

use unicode_width::UnicodeWidthChar;

/// How much of a line a person has to be able to read off the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// The words: a blank at a break is dropped, and the line's indentation is kept on its further rows.
    Words,
    /// Every character: the rows, put together, are the line.
    Exact,
}

const TAB: usize = 8;

/// The rows of a text, none wider than `columns` but for a single character that is wider itself.
///
/// The text is cleaned of all that a terminal obeys; tabs become blanks.
#[must_use]
pub fn wrap(text: &str, columns: usize, how: Wrap) -> Vec<String> {
    let clean = crate::text::clean(text);
    let mut rows = Vec::new();
    for line in clean.split('\n') {
        wrap_line(&expand_tabs(line), columns.max(1), how, &mut rows);
    }
    rows
}

/// How many columns a character takes.
fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

fn expand_tabs(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    for c in line.chars() {
        if c == '\t' {
            let blanks = TAB - at % TAB;
            out.extend(std::iter::repeat_n(' ', blanks));
            at += blanks;
        } else {
            out.push(c);
            at += columns_of(c);
        }
    }
    out
}

fn wrap_line(line: &str, columns: usize, how: Wrap, rows: &mut Vec<String>) {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let indent = match how {
        // An indentation of half the screen would leave no room for the words.
        Wrap::Words if blanks * 2 <= columns => blanks,
        Wrap::Words | Wrap::Exact => 0,
    };
    let mut row = String::new();
    let mut used = 0;
    let mut has_word = false;
    // Where the row may be broken: behind its last blank that follows a word, in bytes.
    let mut seam: Option<usize> = None;
    for c in line.chars() {
        let width = columns_of(c);
        if used + width > columns && !row.is_empty() {
            let rest = match seam.take() {
                _ if c == ' ' && how == Wrap::Words => String::new(),
                Some(at) => row.split_off(at),
                None => String::new(),
            };
            rows.push(finish(row, how));
            row = " ".repeat(indent.min(columns.saturating_sub(1))) + &rest;
            used = row.chars().map(columns_of).sum();
            has_word = !rest.trim_start().is_empty();
            if c == ' ' && how == Wrap::Words {
                continue;
            }
            if used + width > columns {
                let full = std::mem::take(&mut row);
                used = 0;
                has_word = false;
                // An indentation alone is dropped: there is no room for it beside this character.
                if !rest.is_empty() {
                    rows.push(finish(full, how));
                }
            }
        }
        row.push(c);
        used += width;
        has_word |= !c.is_whitespace();
        if c == ' ' && has_word {
            seam = Some(row.len());
        }
    }
    rows.push(finish(row, how));
}

fn finish(row: String, how: Wrap) -> String {
    match how {
        Wrap::Words => row.trim_end_matches(' ').to_owned(),
        Wrap::Exact => row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("one two three", 7, Wrap::Words), ["one two", "three"]);
        assert_eq!(wrap("  one two three", 8, Wrap::Words), ["  one", "  two", "  three"]);
        assert_eq!(wrap("abcdefgh", 3, Wrap::Words), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 9, Wrap::Words), ["a", "", "b"]);
        assert_eq!(wrap("日本語", 5, Wrap::Words), ["日本", "語"]);
        assert_eq!(wrap(" 日", 2, Wrap::Words), ["", "日"]);
    }

    #[test]
    fn what_a_terminal_obeys_does_not_pass() {
        assert_eq!(wrap("a\u{1b}[2Jb\tc", 20, Wrap::Words), ["a\u{fffd}[2Jb  c"]);
    }

    proptest! {
        #[test]
        fn exact_rows_are_the_line(line in "[ a-z日é-]{0,60}", columns in 1usize..30) {
            let rows = wrap(&line, columns, Wrap::Exact);
            prop_assert_eq!(rows.concat(), line);
        }

        #[test]
        fn no_row_is_too_wide(text in any::<String>(), columns in 2usize..30) {
            for how in [Wrap::Words, Wrap::Exact] {
                for row in wrap(&text, columns, how) {
                    let sum: usize = row.chars().map(columns_of).sum();
                    prop_assert!(sum <= columns, "{:?} is {} wide", row, row.width());
                }
            }
        }

        #[test]
        fn no_word_is_lost(text in "[a-z ]{0,80}", columns in 1usize..20) {
            let letters = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(letters(&wrap(&text, columns, Wrap::Words).join("\n")), letters(&text));
        }
    }
}
