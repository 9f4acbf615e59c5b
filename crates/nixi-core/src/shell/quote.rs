//! Quoting.
//!
//! The rules are those of the POSIX shell (IEEE Std 1003.1, "Shell Command Language", 2.2.2): inside single quotes every
//! byte stands for itself, but for the quote.

use std::borrow::Cow;

/// A word that no shell line can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a word of the command holds a NUL byte, which no argument can carry")]
pub struct Unquotable;

/// The word as a POSIX shell reads it back, quoted only where it must be.
///
/// # Errors
/// [`Unquotable`] if the word holds a NUL byte.
pub fn word(word: &str) -> Result<Cow<'_, str>, Unquotable> {
    if word.contains('\0') {
        return Err(Unquotable);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return Ok(Cow::Borrowed(word));
    }
    Ok(Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))))
}

/// The words as one line that a POSIX shell splits back into the same words.
///
/// # Errors
/// [`Unquotable`] if a word holds a NUL byte.
pub fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String, Unquotable> {
    let mut line = String::new();
    for next in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word(next)?);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_quoted_is() {
        assert_eq!(word("nginx.service").unwrap(), "nginx.service");
        assert_eq!(word("").unwrap(), "''");
        assert_eq!(word("a b").unwrap(), "'a b'");
        assert_eq!(word("it's").unwrap(), r"'it'\''s'");
        assert_eq!(word("$(reboot)").unwrap(), "'$(reboot)'");
        assert_eq!(word("~").unwrap(), "'~'");
        assert_eq!(word("A=b").unwrap(), "'A=b'");
        assert_eq!(word("a\0b"), Err(Unquotable));
    }
}
