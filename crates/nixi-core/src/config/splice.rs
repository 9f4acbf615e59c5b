//! Adding and removing `[[nodes]]` tables by cutting text: what is not about the node is not touched.
//!
//! The parser tells where things stand, and the text is cut there. An editable document, as `toml_edit` has it, is no way
//! to do this: written out again it has other spellings of headers (`[[ nodes ]]`).
//!
//! The rules, which make an addition and its removal cancel out to the byte:
//! - A table is added after the last node, or at the end of the file, with an empty line before it.
//! - A removed table takes the comment lines directly above and below it along (those above the next table are that
//!   table's), and the empty line before it if an empty line or the end of the file follows.
//! - A last line without a line break stays without one.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::array;
use super::lines::{is_blank, is_comment, line_start, newline, next_line, previous_line};
use super::new_node::NewNode;

/// How the text declares its nodes.
pub(crate) enum Shape {
    /// As tables; possibly none.
    Tables(Vec<Block>),
    /// As one array of inline tables.
    Array(array::Span),
}

/// The text of one `[[nodes]]` table.
pub(crate) struct Block {
    /// End of the last thing before the header that is not a comment.
    floor: usize,
    header: usize,
    end: usize,
}

/// The shape of a text that was read without a problem.
pub(crate) fn shape(text: &str) -> Option<Shape> {
    let root = DeTable::parse(text).ok()?;
    let Some(nodes) = root.get_ref().get("nodes") else { return Some(Shape::Tables(Vec::new())) };
    let DeValue::Array(items) = nodes.get_ref() else { return None };
    let starts_as_table = |at: usize| text[at..].starts_with('[');
    if items.is_empty() || items.iter().any(|item| !starts_as_table(item.span().start)) {
        return Some(Shape::Array(array::Span {
            whole: nodes.span(),
            items: items.iter().map(|item| item.span()).collect(),
        }));
    }
    let mut ends = Vec::new();
    collect_ends(root.get_ref(), &mut ends);
    ends.sort_unstable();
    let blocks = items.iter().map(|item| {
        let header = item.span();
        let mut own = vec![header.end];
        if let DeValue::Table(table) = item.get_ref() {
            collect_ends(table, &mut own);
        }
        Block {
            floor: ends[..ends.partition_point(|end| *end <= header.start)].last().copied().unwrap_or(0),
            header: header.start,
            end: own.into_iter().max().unwrap_or(header.end),
        }
    });
    Some(Shape::Tables(blocks.collect()))
}

fn collect_ends(table: &DeTable<'_>, ends: &mut Vec<usize>) {
    for (key, value) in table {
        ends.push(key.span().end);
        value_ends(value.span(), value.get_ref(), ends);
    }
}

fn value_ends(span: Range<usize>, value: &DeValue<'_>, ends: &mut Vec<usize>) {
    ends.push(span.end);
    match value {
        DeValue::Table(table) => collect_ends(table, ends),
        DeValue::Array(items) => {
            for item in items {
                value_ends(item.span(), item.get_ref(), ends);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

/// The text with one more node.
pub(crate) fn add(text: &str, shape: &Shape, node: &NewNode) -> String {
    let newline = newline(text);
    let blocks = match shape {
        Shape::Array(span) => return array::add(text, span, node, newline),
        Shape::Tables(blocks) => blocks,
    };
    let mut table = format!("[[nodes]]{newline}");
    for (key, value) in node.keys() {
        table.push_str(&format!("{key} = {value}{newline}"));
    }
    if text.is_empty() {
        return table;
    }
    let after_last = blocks.last().map(|last| reach(text, last).end);
    if let Some(at) = after_last.filter(|at| is_blank(text, *at)) {
        return format!("{}{newline}{table}{}", &text[..at], &text[at..]);
    }
    if text.ends_with('\n') {
        return format!("{text}{newline}{table}");
    }
    format!("{text}{newline}{newline}{}", table.trim_end())
}

/// The text without the node at this index.
pub(crate) fn remove(text: &str, shape: &Shape, index: usize) -> Option<String> {
    let block = match shape {
        Shape::Array(span) => return array::remove(text, span, index),
        Shape::Tables(blocks) => blocks.get(index)?,
    };
    let Range { mut start, mut end } = reach(text, block);
    let blank_before = previous_line(text, start).filter(|at| *at >= block.floor && is_blank(text, *at));
    let loose_after = end == text.len() || is_blank(text, end);
    match blank_before {
        Some(blank) if loose_after => start = blank,
        None if start == 0 && end < text.len() && loose_after => end = next_line(text, end),
        Some(_) | None => {}
    }
    let mut before = &text[..start];
    if end == text.len() && !text.ends_with('\n') {
        before = before.strip_suffix('\n').unwrap_or(before);
        before = before.strip_suffix('\r').unwrap_or(before);
    }
    Some(format!("{before}{}", &text[end..]))
}

/// The text with this value for a key of the node at this index: in the place of the one that is there, else right behind its
/// host.
pub(crate) fn set(text: &str, index: usize, key: &str, value: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let DeValue::Array(items) = root.get_ref().get("nodes")?.get_ref() else { return None };
    let item = items.get(index)?;
    let DeValue::Table(table) = item.get_ref() else { return None };
    if let Some(there) = table.get(key) {
        let Range { start, end } = there.span();
        return Some(format!("{}{value}{}", text.get(..start)?, text.get(end..)?));
    }
    let host = table.get("host")?.span().end;
    if text.get(item.span().start..)?.starts_with('{') {
        return Some(format!("{}, {key} = {value}{}", text.get(..host)?, text.get(host..)?));
    }
    let newline = newline(text);
    let indent: String =
        text[line_start(text, host)..].chars().take_while(|char| char.is_whitespace()).collect();
    let at = next_line(text, host);
    let (before, after) = (text.get(..at)?, text.get(at..)?);
    Some(match before.ends_with('\n') {
        true => format!("{before}{indent}{key} = {value}{newline}{after}"),
        false => format!("{before}{newline}{indent}{key} = {value}"),
    })
}

/// The whole lines that belong to a table, its comments included.
fn reach(text: &str, block: &Block) -> Range<usize> {
    let mut start = line_start(text, block.header);
    while let Some(above) = previous_line(text, start) {
        if above < block.floor || !is_comment(text, above) {
            break;
        }
        start = above;
    }
    let end = next_line(text, block.end);
    let mut comments = end;
    while comments < text.len() && is_comment(text, comments) {
        comments = next_line(text, comments);
    }
    let of_next = comments < text.len() && !is_blank(text, comments);
    start..if of_next { end } else { comments }
}
