//! One line, cut into words as ssh cuts it.

/// A keyword in small letters, and its arguments without their quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) keyword: String,
    pub(super) arguments: Vec<String>,
}

/// Cuts a line; nothing for a blank one or a comment.
pub(super) fn split(line: &str) -> Result<Option<Words>, &'static str> {
    let line = line.trim_matches(blank);
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (keyword, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
        None => line.split_at(line.find(|c| blank(c) || c == '=').unwrap_or(line.len())),
    };
    // One `=` may stand between the keyword and its arguments.
    let rest = rest.trim_start_matches(blank);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let arguments = arguments(rest)?;
    Ok(Some(Words { keyword: keyword.to_ascii_lowercase(), arguments }))
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}')
}

/// Words between blanks, up to a `#` that begins one. Quotes of either kind keep blanks, a backslash keeps a quote, a
/// backslash or a blank.
fn arguments(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut left = text.chars().peekable();
    loop {
        while left.next_if(|c| blank(*c)).is_some() {}
        match left.peek() {
            None | Some('#') => return Ok(words),
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
            return Err("a quote is not closed");
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
        assert_eq!(cut("  HostName\tweb.lan  "), ["hostname", "web.lan"]);
        assert_eq!(cut("Port=22"), ["port", "22"]);
        assert_eq!(cut("Port = 22 # by hand"), ["port", "22"]);
        assert_eq!(
            cut("IdentityFile \"~/my keys/a\" '~/b c' d\\ e"),
            ["identityfile", "~/my keys/a", "~/b c", "d e"]
        );
        assert_eq!(cut("User a#b"), ["user", "a#b"]);
        assert_eq!(cut("# all of it"), Vec::<String>::new());
        assert_eq!(cut("Host"), ["host"]);
        assert!(split("IdentityFile \"~/a").is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_fall(line in "\\PC{0,60}|[a-z\"'\\\\ =#]{0,40}") {
            let _ = split(&line);
        }
    }
}
