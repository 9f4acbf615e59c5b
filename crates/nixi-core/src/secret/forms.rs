//! Secrets in the forms that programs read: JSON, parameters of an address, PEM.

use std::ops::Range;

use super::names_a_secret;
use super::words::{is_handle, is_noun};

/// Values of JSON that stand by a name that holds secrets, without their quotes.
pub(super) fn in_json(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let (Some(before), Some(after)) = (text.get(..colon), text.get(colon + 1..)) else { continue };
        let name = before.trim_end().strip_suffix('"').and_then(|before| before.rsplit('"').next());
        if !name.is_some_and(is_secret) {
            continue;
        }
        let Some(value) = after.trim_start().strip_prefix('"') else { continue };
        let start = text.len() - value.len();
        let length = closing(value).unwrap_or(value.len());
        found.extend(span(text, start, start + length));
    }
    found
}

/// Where the quote is that ends a text: not one behind a backslash.
fn closing(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, letter)| match (is_escaped, letter) {
        (true, _) => {
            is_escaped = false;
            None
        }
        (false, '\\') => {
            is_escaped = true;
            None
        }
        (false, '"') => Some(at),
        (false, _) => None,
    })
}

/// Values of parameters: `?user=u&password=…` of an address, `Uid=u;Pwd=…` of a database. The word begins at `at`.
pub(super) fn in_parameters(at: usize, word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for part in word.split_inclusive(['?', '&', ';']) {
        let bare = part.trim_end_matches(['?', '&', ';']);
        // What stands before the first mark is a name and a value by itself, or none.
        let parameter = bare.split_once('=').filter(|(name, _)| start > 0 && is_secret(name));
        if let Some((name, value)) = parameter {
            let value = value.trim_end_matches(['"', '\'', ')', ',']);
            let from = start + name.len() + 1;
            let is_value = !value.is_empty() && !is_handle(value);
            found.extend(is_value.then_some(at + from..at + from + value.len()));
        }
        start += part.len();
    }
    found
}

/// Private keys in PEM, whole; one that is cut off goes on to the end.
pub(super) fn private_keys(text: &str) -> Vec<Range<usize>> {
    const DASHES: &str = "-----";
    const KIND: &str = "PRIVATE KEY-----";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(begin) = text.get(from..).and_then(|rest| rest.find("-----BEGIN ")).map(|at| from + at) {
        from = begin + DASHES.len();
        let Some(title) = text.get(from..).and_then(|rest| Some(rest.split_once(DASHES)?.0)) else { break };
        if !title.ends_with("PRIVATE KEY") {
            continue;
        }
        let body = from + title.len() + DASHES.len();
        let end = text.get(body..).and_then(|rest| {
            let last = rest.find("-----END ")?;
            Some(body + last + rest.get(last..)?.find(KIND)? + KIND.len())
        });
        from = end.unwrap_or(text.len());
        found.push(begin..from);
    }
    found
}

fn is_secret(name: &str) -> bool {
    names_a_secret(name) || is_noun(name)
}

fn span(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let value = text.get(start..end)?;
    (!value.is_empty() && !is_handle(value)).then_some(start..end)
}
