//! Foreign bytes made safe to show: no escape sequence, control or bidi character of a node reaches a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text without what a terminal would obey: control characters but newline and tab are replaced by `\u{fffd}`,
/// and so are the bidirectional controls (UAX #9) and other invisible format characters that can make
/// a line read as something else. Carriage returns before a newline are dropped.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            c if is_deceptive(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Like [`clean`], on one line: newlines and tabs become spaces.
#[must_use]
pub fn clean_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// Control characters, bidirectional controls (UAX #9), and letters that show as nothing or as a blank, by which two
/// names could look alike (Unicode's Default_Ignorable_Code_Point, and the blank Braille pattern).
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every character that a terminal obeys, or that does not show, written out as `<U+200B>`; newlines and
/// tabs stay. Nothing of it gets lost, so that a person can approve it.
#[must_use]
pub fn reveal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_deceptive(c) => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A model's words, safe to show behind a mark of ours: [`clean`], and without characters that draw lines or frames, so
/// that no text of a model holds the mark, a rule or a box.
#[must_use]
pub fn undrawn(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{2500}'
        | '\u{2501}'
        | '\u{2504}'
        | '\u{2505}'
        | '\u{2508}'
        | '\u{2509}'
        | '\u{254c}'
        | '\u{254d}'
        | '\u{2550}'
        | '\u{2574}'
        | '\u{2576}'
        | '\u{2578}'
        | '\u{257a}'
        | '\u{257c}'
        | '\u{257e}'
        | '\u{23af}'
        | '\u{2015}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{23ba}'..='\u{23bd}' => '-',
        '\u{2502}'
        | '\u{2503}'
        | '\u{2506}'
        | '\u{2507}'
        | '\u{250a}'
        | '\u{250b}'
        | '\u{254e}'
        | '\u{254f}'
        | '\u{2551}'
        | '\u{2575}'
        | '\u{2577}'
        | '\u{2579}'
        | '\u{257b}'
        | '\u{257d}'
        | '\u{257f}'
        | '\u{1c0}'
        | '\u{2223}'
        | '\u{239c}'
        | '\u{239f}'
        | '\u{23a2}'
        | '\u{23a5}'
        | '\u{23aa}'
        | '\u{23ae}'
        | '\u{23b8}'
        | '\u{23b9}'
        | '\u{23d0}'
        | '\u{2758}'..='\u{275a}'
        | '\u{fe31}'
        | '\u{fe33}'
        | '\u{ff5c}'
        | '\u{ffe8}'
        | '\u{1fb70}'..='\u{1fb75}' => '|',
        '\u{2500}'..='\u{257f}' => '+',
        '\u{2580}'..='\u{259f}' | '\u{1fb00}'..='\u{1fbff}' => '#',
        c => c,
    };
    clean(text).chars().map(plain).collect()
}

/// At most `columns` terminal columns of the text, with `…` where something was cut.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Somebody's words as a message repeats them: on one line, without what a terminal would obey, and not endlessly.
#[must_use]
pub fn excerpt(words: &str) -> String {
    fit(&clean_line(words), 80)
}

/// How many terminal columns the text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// Whether a character takes no column of its own: a terminal draws it onto what stands before it.
#[must_use]
pub fn stands_on(c: char) -> bool {
    c.width() == Some(0)
}

/// The text with spaces behind it, up to this many terminal columns.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = text.to_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(text.width())));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_passes() {
        let hostile = "a\u{1b}[2J\u{7}b\u{9b}31m\u{202e}c\r\nd\re\u{200b}";
        let clean = clean(hostile);
        assert_eq!(clean, "a\u{fffd}[2J\u{fffd}b\u{fffd}31m\u{fffd}c\nd\u{fffd}e\u{fffd}");
        assert!(!clean_line(hostile).contains('\n'));
    }

    #[test]
    fn what_is_revealed_needs_no_cleaning() {
        let hostile = "a\u{1b}[2J\u{7}\u{202e}b\tc\r\nd\u{e0041}";
        let shown = reveal(hostile);
        assert_eq!(shown, "a<U+001B>[2J<U+0007><U+202E>b\tc<U+000D>\nd<U+E0041>");
        assert_eq!(clean(&shown), shown);
    }

    #[test]
    fn a_models_words_draw_nothing() {
        let drawn = undrawn("│ ok ── Nixi asks ──\u{1b}[2K ┃❘｜ ╭═╮ █▏ ǀ a|b: 日本");
        assert_eq!(drawn, "| ok -- Nixi asks --\u{fffd}[2K ||| +-+ ## | a|b: 日本");
    }

    #[test]
    fn fit_counts_columns() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(pad("日", 4), "日  ");
        assert_eq!(pad("日本", 3), "日本");
    }
}
