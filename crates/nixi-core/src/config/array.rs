//! The same for `nodes = [ { .. }, .. ]`: elements come and go in the layout that the array has.
//!
//! The rules, which make an addition and its removal cancel out to the byte:
//! - If a line break stands behind the last element, the new one gets a line of its own, indented alike.
//! - A comma behind the last element stays the custom; where there was none, there is none.
//! - A removed element takes its comma; and if it has lines of its own, those, the comment behind it, and the comment
//!   lines directly above.

use std::ops::Range;

use super::lines::{is_comment, line_start, previous_line};
use super::new_node::NewNode;

/// Where the array and its elements stand.
pub(crate) struct Span {
    pub(crate) whole: Range<usize>,
    pub(crate) items: Vec<Range<usize>>,
}

impl Span {
    /// The place behind the opening bracket, and that of the closing one.
    fn inside(&self) -> Range<usize> {
        self.whole.start + 1..self.whole.end - 1
    }

    /// The comma behind an element, if there is one.
    fn comma(&self, text: &str, index: usize) -> Option<usize> {
        let from = self.items.get(index)?.end;
        let upto = self.items.get(index + 1).map_or(self.inside().end, |next| next.start);
        let mut comment = false;
        text[from..upto]
            .bytes()
            .position(|byte| {
                comment = match byte {
                    b'#' => true,
                    b'\n' => false,
                    _ => comment,
                };
                byte == b',' && !comment
            })
            .map(|at| from + at)
    }
}

/// The text with one more element.
pub(crate) fn add(text: &str, span: &Span, node: &NewNode, newline: &str) -> String {
    let inside = span.inside();
    let last = span.items.len().checked_sub(1);
    let comma = last.and_then(|last| span.comma(text, last));
    let last = last.map(|last| &span.items[last]);
    let table = inline_table(node, last.is_some_and(|last| !text[last.clone()].starts_with("{ ")));
    let tail = comma.map(|comma| comma + 1).or(last.map(|last| last.end)).unwrap_or(inside.start);
    // A comma is owed directly behind an element that has none.
    let owed = if last.is_some() && comma.is_none() { "," } else { "" };

    if let Some(line_break) = text[tail..inside.end].find('\n') {
        let at = tail + line_break;
        let at = if text[..at].ends_with('\r') { at - 1 } else { at };
        let indent = indent(text, span);
        let own = if last.is_none() || comma.is_some() { "," } else { "" };
        return format!(
            "{}{owed}{}{newline}{indent}{table}{own}{}",
            &text[..tail],
            &text[tail..at],
            &text[at..]
        );
    }
    let own = if comma.is_some() { "," } else { "" };
    let space = if last.is_some() || tail < inside.end { " " } else { "" };
    format!("{}{owed}{space}{table}{own}{}", &text[..tail], &text[tail..])
}

fn inline_table(node: &NewNode, tight: bool) -> String {
    let keys: Vec<String> = node.keys().into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let keys = keys.join(", ");
    if tight { format!("{{{keys}}}") } else { format!("{{ {keys} }}") }
}

/// The white space before the last element that begins a line.
fn indent<'a>(text: &'a str, span: &Span) -> &'a str {
    let lead = |item: &Range<usize>| &text[line_start(text, item.start)..item.start];
    span.items.iter().rev().map(lead).find(|lead| lead.trim().is_empty()).unwrap_or("  ")
}

/// The text without the element at this index.
pub(crate) fn remove(text: &str, span: &Span, index: usize) -> Option<String> {
    let item = span.items.get(index)?;
    let comma = span.comma(text, index);
    let comma_before = index.checked_sub(1).and_then(|before| span.comma(text, before));
    // Nothing before this place is the element's.
    let floor = comma_before.map_or(span.inside().start, |comma| comma + 1);
    let mut end = comma.map_or(item.end, |comma| comma + 1);

    let line = line_start(text, item.start);
    let begins_line = line >= floor && text[line..item.start].trim().is_empty();
    let rest = text[end..].split('\n').next().unwrap_or_default();
    let rest = rest.strip_suffix('\r').unwrap_or(rest);
    let ends_line = rest.trim().is_empty() || rest.trim_start().starts_with('#');
    let start = if begins_line && ends_line {
        end += rest.len();
        let mut top = line;
        while let Some(above) = previous_line(text, top).filter(|above| *above >= floor) {
            if !is_comment(text, above) {
                break;
            }
            top = above;
        }
        let before = text[..top].strip_suffix('\n').unwrap_or(&text[..top]);
        before.strip_suffix('\r').unwrap_or(before).len()
    } else if begins_line {
        // Something follows on the line, which must not slip behind a comment of the line above.
        end += rest.len() - rest.trim_start_matches([' ', '\t']).len();
        item.start
    } else if comma_before.is_none() && comma.is_some() {
        end += text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
        item.start
    } else {
        floor
    };
    // Without a comma of its own the element was the last: the one before it is now, and had none either.
    match comma_before.filter(|_| comma.is_none()) {
        Some(before) => Some(format!("{}{}{}", &text[..before], &text[before + 1..start], &text[end..])),
        None => Some(format!("{}{}", &text[..start], &text[end..])),
    }
}
