//! The lines of a text, told by the place where they begin.

/// The line break of the text's first line.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the line of a place begins.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line after that of a place begins.
pub(crate) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Where the line before the one that begins here begins.
pub(crate) fn previous_line(text: &str, start: usize) -> Option<usize> {
    start.checked_sub(1).map(|newline| line_start(text, newline))
}

/// Whether the line that begins here is empty. There is no line at the end of the text.
pub(crate) fn is_blank(text: &str, start: usize) -> bool {
    start < text.len() && text[start..next_line(text, start)].trim().is_empty()
}

/// Whether the line that begins here is a comment and nothing else.
pub(crate) fn is_comment(text: &str, start: usize) -> bool {
    text[start..].trim_start_matches([' ', '\t']).starts_with('#')
}
