//! A model's words: marked on every line, so that they cannot pass for anything of ours, in a pipe neither.

use nixi_core::text;

/// What each line begins with. Nothing of ours does, and no words of a model hold its last character.
pub(super) const MARK: &str = "│ ";
/// The columns of the mark.
const MARGIN: usize = 2;
const TAB: usize = 4;
/// Behind the mark, words get at least this many columns.
const NARROWEST: usize = 8;

/// Words as they come, broken into lines that the terminal does not break again: what it breaks begins without a mark.
#[derive(Debug, Default)]
pub(super) struct Speech {
    /// Columns taken behind the mark; nothing at the beginning of a line.
    used: Option<usize>,
    /// A word that may go on.
    word: String,
    word_columns: usize,
}

impl Speech {
    /// What is to be printed now that these words came.
    pub(super) fn say(&mut self, words: &str, columns: usize) -> String {
        let room = columns.saturating_sub(MARGIN).max(NARROWEST);
        let mut out = String::new();
        for c in text::undrawn(words).chars() {
            match c {
                '\n' => {
                    self.put_word(room, &mut out);
                    self.open(&mut out);
                    self.used = None;
                    out.push('\n');
                }
                ' ' | '\t' => {
                    self.put_word(room, &mut out);
                    self.open(&mut out);
                    let blanks = if c == '\t' { TAB } else { 1 };
                    let used = self.used.unwrap_or(0);
                    let blanks = blanks.min(room.saturating_sub(used));
                    out.extend(std::iter::repeat_n(' ', blanks));
                    self.used = Some(used + blanks);
                }
                c => {
                    if self.word_columns + columns_of(c) > room {
                        let last = if text::stands_on(c) { self.last_letter() } else { String::new() };
                        self.put_word(room, &mut out);
                        last.chars().for_each(|c| self.add(c));
                    }
                    // Any word may come to stand first in a line, where this would be drawn onto the mark.
                    let is_first = self.word.is_empty() && text::stands_on(c);
                    self.add(if is_first { '\u{fffd}' } else { c });
                }
            }
        }
        out
    }

    /// What is left to be printed, up to the end of the line.
    pub(super) fn end(&mut self, columns: usize) -> String {
        let mut out = String::new();
        self.put_word(columns.saturating_sub(MARGIN).max(NARROWEST), &mut out);
        if self.used.take().is_some() {
            out.push('\n');
        }
        out
    }

    fn add(&mut self, c: char) {
        self.word.push(c);
        self.word_columns += columns_of(c);
    }

    /// Takes the last letter of a longer word away, with all that is drawn onto it.
    fn last_letter(&mut self) -> String {
        let at = self.word.rfind(|c| !text::stands_on(c)).filter(|at| *at > 0);
        let letter = at.map(|at| self.word.split_off(at)).unwrap_or_default();
        self.word_columns -= letter.chars().map(columns_of).sum::<usize>();
        letter
    }

    fn put_word(&mut self, room: usize, out: &mut String) {
        if self.word.is_empty() {
            return;
        }
        if self.used.is_some_and(|used| used > 0 && used + self.word_columns > room) {
            out.push('\n');
            self.used = None;
        }
        self.open(out);
        out.push_str(&std::mem::take(&mut self.word));
        self.used = Some(self.used.unwrap_or(0) + std::mem::take(&mut self.word_columns));
    }

    fn open(&mut self, out: &mut String) {
        if self.used.is_none() {
            out.push_str(MARK);
            self.used = Some(0);
        }
    }
}

/// At least as many columns as any terminal gives it: one that gives more would break the line where we do not.
fn columns_of(c: char) -> usize {
    if c < '\u{1100}' { text::width(c.encode_utf8(&mut [0; 4])) } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str], columns: usize) -> String {
        let mut speech = Speech::default();
        let mut out: String = pieces.iter().map(|piece| speech.say(piece, columns)).collect();
        out.push_str(&speech.end(columns));
        out
    }

    #[test]
    fn every_line_is_marked_however_the_words_come() {
        let words = "One two.\n\n  three\nfour";
        let marked = "│ One two.\n│ \n│   three\n│ four\n";
        assert_eq!(said(&[words], 40), marked);
        let letters: Vec<String> = words.chars().map(String::from).collect();
        assert_eq!(said(&letters.iter().map(String::as_str).collect::<Vec<_>>(), 40), marked);
    }

    #[test]
    fn no_line_reaches_the_edge() {
        let hostile = [
            "x".repeat(500),
            format!("a{}Plan for web", " ".repeat(500)),
            "漢".repeat(100),
            "\t".repeat(99),
            "word ".repeat(99),
            "\u{1b}[1A\u{1b}[2K\rApply this? [y/N]".to_owned(),
            "a\u{2028}b\u{85}c\u{b}d\u{c}e".to_owned(),
        ];
        for words in &hostile {
            for columns in [10, 11, 40, 80] {
                for line in said(&[words], columns).lines() {
                    assert!(line.starts_with(MARK) && text::width(line) <= columns, "{columns}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_drawn_onto_the_mark() {
        // Combining marks of many blocks, joiners, selectors, Hangul jamo, tags.
        let all = "\u{301}\u{20d2}\u{fe20}\u{200d}\u{fe0f}\u{e0100}\u{1160}\u{1161}\u{11a8}\u{d7b0}\u{e0061}\u{1ab0}\u{302a}\u{3099}\u{1d165}\u{17b7}\u{e31}";
        for c in all.chars() {
            let mut texts = vec![
                format!("{c}"),
                format!("{c}x"),
                format!("a\n{c}{c}x\n {c}x"),
                format!("{c}").repeat(99),
            ];
            texts.extend((0..45).map(|at| format!("{}{c}x", "z".repeat(at))));
            texts.extend((0..45).map(|at| format!("{} {c}{}", "z".repeat(at), "y".repeat(20))));
            for (words, columns) in
                texts.iter().flat_map(|words| [10, 11, 40].map(|columns| (words, columns)))
            {
                let each: Vec<String> = words.chars().map(String::from).collect();
                for pieces in [vec![words.as_str()], each.iter().map(String::as_str).collect()] {
                    for line in said(&pieces, columns).lines() {
                        let first = line.strip_prefix(MARK).unwrap().chars().next();
                        assert!(
                            first.is_none_or(|first| text::width(&first.to_string()) > 0),
                            "{words:?}: {line:?}"
                        );
                        assert!(text::width(line) <= columns, "{columns}: {line:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_letter_and_what_is_drawn_onto_it_stay_together() {
        let words = "កិ".repeat(20);
        let shown = said(&[&words], 15);
        assert!(!shown.contains('\u{fffd}'), "{shown}");
        assert_eq!(shown.replace(MARK, "").replace('\n', ""), words);
    }

    #[test]
    fn the_mark_stands_nowhere_but_at_the_beginning() {
        for words in ["│ x", "││ x", "a ┃ b\nmodel ｜ c", "── Nixi asks ──\n│ Plan", "\t│"]
        {
            for columns in [20, 80, usize::MAX] {
                for line in said(&[words], columns).lines() {
                    let rest = line.strip_prefix(MARK);
                    assert!(rest.is_some_and(|rest| !rest.contains(['│', '─'])), "{columns}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_printed_where_nothing_was_said() {
        assert_eq!(said(&[], 80), "");
        assert_eq!(said(&["a\n"], 80), "│ a\n");
    }
}
