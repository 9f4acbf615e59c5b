//! What stands between two brackets: the elements of a list, or the bindings of a set.
//!
//! What is put in takes the layout of what is around it, and taking it out again leaves the same bytes as before.

use std::cmp::Ordering;
use std::ops::Range;

use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;

use super::source::offsets;

/// The items between two brackets, as places in a text.
pub(super) struct Sequence<'a> {
    text: &'a str,
    /// Behind the opening bracket.
    begins: usize,
    /// At the closing one.
    ends: usize,
    items: Vec<Range<usize>>,
}

impl<'a> Sequence<'a> {
    pub(super) fn of_list(text: &'a str, list: &ast::List) -> Option<Self> {
        let (open, close) = (list.l_brack_token()?, list.r_brack_token()?);
        let items = list.items().map(|item| offsets(item.syntax().text_range())).collect();
        Some(Self {
            text,
            begins: open.text_range().end().into(),
            ends: close.text_range().start().into(),
            items,
        })
    }

    pub(super) fn of_set(text: &'a str, set: &ast::AttrSet) -> Option<Self> {
        let (open, close) = (set.l_curly_token()?, set.r_curly_token()?);
        let items = set.entries().map(|entry| offsets(entry.syntax().text_range())).collect();
        Some(Self {
            text,
            begins: open.text_range().end().into(),
            ends: close.text_range().start().into(),
            items,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing between the brackets, not even a comment.
    pub(super) fn is_bare_but_for(&self, at: usize) -> bool {
        let Some(item) = self.items.get(at).filter(|_| self.items.len() == 1) else { return false };
        let is_blank = |range: Range<usize>| self.text.get(range).is_some_and(|text| text.trim().is_empty());
        is_blank(self.begins..item.start) && is_blank(item.end..self.ends)
    }

    /// The text with this item before the one at `at`, or behind the last one.
    pub(super) fn insert(&self, at: usize, item: &str) -> String {
        let at = at.min(self.items.len());
        let before = at.checked_sub(1).and_then(|before| self.items.get(before));
        let behind = self.items.get(at);
        let (place, added) = match (before, behind) {
            (Some(before), _) if self.has_its_lines(before) => {
                (self.next_line(before.end), self.line(self.indent(before.start), item))
            }
            (_, Some(behind)) if self.starts_line(behind.start) => {
                let floor = before.map_or(self.begins, |before| before.end);
                (self.above_comments(behind.start, floor), self.line(self.indent(behind.start), item))
            }
            (None, None) if self.starts_line(self.ends) => {
                let indent = self.indent(self.ends);
                let step = if indent.contains('\t') { "\t" } else { "  " };
                (self.line_start(self.ends), self.line(&format!("{indent}{step}"), item))
            }
            (Some(before), _) => (before.end, format!(" {item}")),
            (None, behind) => {
                match (self.text.get(self.begins..).and_then(|rest| rest.chars().next()), behind) {
                    (Some(next), _) if next.is_whitespace() => (self.begins, format!(" {item}")),
                    (_, Some(behind)) => (behind.start, format!("{item} ")),
                    (_, None) => (self.begins, item.to_owned()),
                }
            }
        };
        self.spliced(place..place, &added)
    }

    /// The text without the item at `at`.
    pub(super) fn remove(&self, at: usize) -> String {
        let Some(item) = self.items.get(at) else { return self.text.to_owned() };
        let blank = |c: char| matches!(c, ' ' | '\t');
        let before = self.text.get(..item.start).unwrap_or_default();
        let behind = self.text.get(item.end..).unwrap_or_default();
        let blanks_before = before.len() - before.trim_end_matches(blank).len();
        let blanks_behind = behind.len() - behind.trim_start_matches(blank).len();
        let is_first = self.starts_line(item.start);
        let range = if is_first && self.ends_line(item.end) {
            self.line_start(item.start)..self.next_line(item.end)
        } else if is_first || blanks_before == 0 {
            // What is above may be a comment, which must not swallow what follows.
            item.start..item.end + blanks_behind
        } else {
            item.start - blanks_before..item.end
        };
        self.spliced(range, "")
    }

    fn spliced(&self, range: Range<usize>, added: &str) -> String {
        let mut text = self.text.to_owned();
        text.replace_range(range, added);
        text
    }

    fn line(&self, indent: &str, item: &str) -> String {
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        format!("{indent}{item}{newline}")
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// Where the next line begins; the closing bracket, if that comes before.
    fn next_line(&self, at: usize) -> usize {
        let newline = self.text.get(at..).and_then(|rest| rest.find('\n'));
        newline.map_or(self.ends, |newline| (at + newline + 1).min(self.ends))
    }

    fn indent(&self, at: usize) -> &'a str {
        let line = self.text.get(self.line_start(at)..at).unwrap_or_default();
        line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
    }

    fn starts_line(&self, at: usize) -> bool {
        let start = self.line_start(at);
        start >= self.begins && self.text.get(start..at).is_some_and(|text| text.trim().is_empty())
    }

    fn rest_of_line(&self, at: usize) -> Option<&'a str> {
        let rest = self.text.get(at..self.ends)?;
        Some(rest.get(..rest.find('\n')?)?.trim())
    }

    fn ends_line(&self, at: usize) -> bool {
        self.rest_of_line(at).is_some_and(str::is_empty)
    }

    /// Whether no other item shares its lines; a comment may.
    fn has_its_lines(&self, item: &Range<usize>) -> bool {
        let rest = self.rest_of_line(item.end);
        self.starts_line(item.start) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    }

    /// The beginning of the comments that stand right above this, which are about it.
    fn above_comments(&self, at: usize, floor: usize) -> usize {
        let mut start = self.line_start(at);
        while start > floor {
            let above = self.line_start(start - 1);
            let is_comment = above >= floor
                && self.text.get(above..start).is_some_and(|line| line.trim_start().starts_with('#'));
            if !is_comment {
                break;
            }
            start = above;
        }
        start
    }
}

/// Where to put something among items that are sorted, by these words of them; at the end where they are not.
pub(super) fn sorted_place<'a>(items: impl IntoIterator<Item = &'a str>, new: &str) -> usize {
    let items: Vec<&str> = items.into_iter().collect();
    if !items.is_sorted_by(|a, b| order(a, b) != Ordering::Greater) {
        return items.len();
    }
    items.partition_point(|item| order(item, new) == Ordering::Less)
}

/// Numbers by their value, all else by its words.
fn order(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_) | Err(_), _) => a.cmp(b),
    }
}
