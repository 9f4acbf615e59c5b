//! One line, cut into words as ssh cuts it.

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words<'a> {
    /// The first word, in small letters.
    pub(super) keyword: String,
    /// What stands behind it, as it is written.
    pub(super) rest: &'a str,
    /// The same in words, without their quotes, up to a comment.
    pub(super) arguments: Vec<String>,
}

/// Why ssh does not take a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing stands behind this word.
    NoValue(String),
    /// A quote is not closed.
    OpenQuote,
}

/// Cuts a line; nothing for a blank one or a comment. Neither has anything to say, as in ssh, a line whose first word has a
/// quote that is not closed.
pub(super) fn split(line: &str) -> Result<Option<Words<'_>>, Fault> {
    // As in ssh, the first letter stays, whatever it is.
    let first = line.chars().next().map_or(0, char::len_utf8);
    let line = &line[..first + line[first..].trim_end_matches([' ', '\t', '\r', '\n', '\u{c}']).len()];
    let Some((mut keyword, mut rest)) = delimited(line) else { return Ok(None) };
    if keyword.is_empty() {
        match rest.and_then(delimited) {
            Some(second) => (keyword, rest) = second,
            None => return Ok(None),
        }
    }
    if keyword.is_empty() || keyword.starts_with('#') {
        return Ok(None);
    }
    let keyword = keyword.to_ascii_lowercase();
    let rest = rest.unwrap_or_default().trim_start_matches(BLANK);
    if rest.is_empty() {
        return Err(Fault::NoValue(keyword));
    }
    let arguments = arguments(rest).ok_or(Fault::OpenQuote)?;
    Ok(Some(Words { keyword, rest, arguments }))
}

/// What separates words in [`delimited`].
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// The first word of a text in the older of the two ways of ssh, and what follows it, if anything can. Words end at a blank or
/// one `=`. Quotes keep both; nothing if one is not closed.
pub(super) fn delimited(text: &str) -> Option<(String, Option<&str>)> {
    let Some(at) = text.find(|c| BLANK.contains(&c) || c == '"' || c == '=') else {
        return Some((text.to_owned(), None));
    };
    let (word, rest) = (&text[..at], &text[at + 1..]);
    if text[at..].starts_with('"') {
        let (quoted, rest) = rest.split_once('"')?;
        return Some((format!("{word}{quoted}"), Some(rest.trim_start_matches(BLANK))));
    }
    let rest = rest.trim_start_matches(BLANK);
    let rest = match rest.strip_prefix('=') {
        Some(rest) if !text[at..].starts_with('=') => rest.trim_start_matches(BLANK),
        Some(_) | None => rest,
    };
    Some((word.to_owned(), Some(rest)))
}

/// All words of a text in the newer way: between blanks, up to a `#` that begins one. Quotes of either kind keep blanks, a
/// backslash keeps a quote, a backslash or a blank. Nothing if a quote is not closed.
pub(super) fn arguments(text: &str) -> Option<Vec<String>> {
    let blank = |c: char| c == ' ' || c == '\t';
    let mut words = Vec::new();
    let mut left = text.chars().peekable();
    loop {
        while left.next_if(|c| blank(*c)).is_some() {}
        match left.peek() {
            None | Some('#') => return Some(words),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote: Option<char> = None;
        while let Some(c) = left.next_if(|c| quote.is_some() || !blank(*c)) {
            match (c, quote) {
                ('\\', _) => {
                    let kept = left.next_if(|next| {
                        matches!(next, '\'' | '"' | '\\') || (quote.is_none() && *next == ' ')
                    });
                    word.push(kept.unwrap_or('\\'));
                }
                (c, Some(open)) if c == open => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, _) => word.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(line: &str) -> Vec<String> {
        split(line)
            .unwrap()
            .map_or_else(Vec::new, |words| std::iter::once(words.keyword).chain(words.arguments).collect())
    }

    #[test]
    fn lines_are_cut_as_ssh_cuts_them() {
        for (line, words) in [
            ("  HostName\tweb.lan  ", &["hostname", "web.lan"][..]),
            ("Port=22", &["port", "22"]),
            ("Port = 22 # by hand", &["port", "22"]),
            ("Port==22", &["port", "=22"]),
            ("\"Port\"=22", &["port", "=22"]),
            ("= Po\"rt\" 22", &["port", "22"]),
            ("IdentityFile \"~/my keys/a\" '~/b c' d\\ e", &["identityfile", "~/my keys/a", "~/b c", "d e"]),
            ("User a#b", &["user", "a#b"]),
            ("Host # note", &["host"]),
            ("User \"\"", &["user", ""]),
            ("# all of it", &[]),
            ("#\"all of it", &[]),
            ("\"Port 22", &[]),
            (" ", &[]),
            ("", &[]),
            (" \u{c}", &[]),
            ("#\u{c}", &[]),
            ("\u{feff}Host a", &["\u{feff}host", "a"]),
        ] {
            assert_eq!(cut(line), words, "{line}");
        }
        assert_eq!(split("IdentityFile \"~/a"), Err(Fault::OpenQuote));
        assert_eq!(split("  Port = "), Err(Fault::NoValue("port".to_owned())));
        assert_eq!(split("\u{c}"), Err(Fault::NoValue("\u{c}".to_owned())));
        assert_eq!(split("\u{c}\t \u{c}"), Err(Fault::NoValue("\u{c}".to_owned())));
        assert_eq!(split("Port \u{c}"), Err(Fault::NoValue("port".to_owned())));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_fall(line in "\\PC{0,60}|[a-z\"'\\\\ =#]{0,40}") {
            let _ = (split(&line), delimited(&line));
        }
    }
}
