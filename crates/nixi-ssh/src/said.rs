//! The words of another side as a message repeats them.

use nixi_core::text::clean_line;

/// The most characters that are repeated.
const LONGEST: usize = 200;

/// On one line, without what a terminal would obey, in at most 200 characters: marks that take no column of their own count
/// as well.
pub(crate) fn said(words: &[u8]) -> String {
    let text = clean_line(String::from_utf8_lossy(words).trim());
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_words_are_longer_or_obeyed(words in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let shown = said(&words);
            prop_assert!(shown.chars().count() <= LONGEST);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }

    #[test]
    fn marks_without_a_column_are_counted() {
        let marks = "x".to_owned() + &"\u{301}".repeat(5000);
        assert_eq!(said(marks.as_bytes()).chars().count(), LONGEST);
        assert_eq!(said(b"SSH-2.0-a\x1b[2J\r\n"), "SSH-2.0-a\u{fffd}[2J");
    }
}
