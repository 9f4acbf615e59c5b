//! Which lines of a text become which.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::{DiffLine, Hunk, LineChange, Span};
use crate::text;

/// Lines around a change.
const AROUND: usize = 3;
/// The most pairs of lines that are compared. What is larger is replaced as one: comparing takes time in proportion.
const MOST_PAIRS: usize = 4_000_000;

/// Everything that differs, and nothing where the texts are the same.
pub(super) fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    group_diff_ops(compare(&old, &new), AROUND).iter().filter_map(|ops| hunk(ops, &old, &new)).collect()
}

fn compare(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let (gone, come) = (old_rest.len() - tail, new_rest.len() - tail);
    if gone.saturating_mul(come) <= MOST_PAIRS {
        return placed(&capture_diff_slices(Algorithm::Myers, old, new));
    }
    let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    let all = DiffOp::Replace { old_index: head, old_len: gone, new_index: head, new_len: come };
    let ops = [equal(0, 0, head), all, equal(head + gone, head + come, tail)];
    ops.into_iter().filter(|op| !op.old_range().is_empty() || !op.new_range().is_empty()).collect()
}

/// The same operations, each where those before it end: what the comparison moved about may still name its former place.
fn placed(ops: &[DiffOp]) -> Vec<DiffOp> {
    let (mut old_index, mut new_index) = (0, 0);
    let place = |op: &DiffOp| {
        let (old_len, new_len) = (op.old_range().len(), op.new_range().len());
        let placed = match op {
            DiffOp::Equal { len, .. } => DiffOp::Equal { old_index, new_index, len: *len },
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                DiffOp::Replace { old_index, old_len, new_index, new_len }
            }
        };
        (old_index, new_index) = (old_index + old_len, new_index + new_len);
        placed
    };
    ops.iter().map(place).collect()
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> Option<Hunk> {
    let (first, last) = (ops.first()?, ops.last()?);
    let span = |from: usize, to: usize| Span { start: from + usize::from(to > from), lines: to - from };
    let mut lines = Vec::new();
    for op in ops {
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => lines.extend(old.iter().map(|text| line(LineChange::Kept, text))),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                lines.extend(old.iter().map(|text| line(LineChange::Removed, text)));
                lines.extend(new.iter().map(|text| line(LineChange::Added, text)));
            }
        }
    }
    Some(Hunk {
        before: span(first.old_range().start, last.old_range().end),
        after: span(first.new_range().start, last.new_range().end),
        lines,
    })
}

fn line(change: LineChange, line: &str) -> DiffLine {
    let (text, newline) = match line.strip_suffix('\n') {
        Some(text) => (text, true),
        None => (line, false),
    };
    DiffLine { change, text: text::reveal(text), newline }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The new text, made of the former one and what the hunks say; nothing if they do not fit it.
    fn patched(before: &str, hunks: &[Hunk]) -> Option<String> {
        let mut old = before.split_inclusive('\n').enumerate().peekable();
        let mut out = String::new();
        for hunk in hunks {
            let start = hunk.before.start - usize::from(hunk.before.lines > 0);
            while old.peek().is_some_and(|(at, _)| *at < start) {
                out.push_str(old.next()?.1);
            }
            for line in &hunk.lines {
                let whole = format!("{}{}", line.text, if line.newline { "\n" } else { "" });
                if line.change != LineChange::Added && old.next()?.1 != whole {
                    return None;
                }
                if line.change != LineChange::Removed {
                    out.push_str(&whole);
                }
            }
        }
        out.extend(old.map(|(_, line)| line));
        Some(out)
    }

    proptest! {
        #[test]
        fn a_diff_leads_from_one_text_to_the_other(before in "([abc]?\n){0,30}[ab]?", after in "([abc]?\n){0,30}[ab]?") {
            let hunks = hunks(&before, &after);
            prop_assert_eq!(hunks.is_empty(), before == after);
            prop_assert_eq!(patched(&before, &hunks), Some(after));
            for hunk in &hunks {
                let lines = |not| hunk.lines.iter().filter(|line| line.change != not).count();
                prop_assert_eq!(hunk.before.lines, lines(LineChange::Added));
                prop_assert_eq!(hunk.after.lines, lines(LineChange::Removed));
            }
        }
    }

    #[test]
    fn what_is_too_much_to_compare_is_replaced_as_one() {
        let many = |of: &str| -> String { (0..3_000).map(|n| format!("{of} {n}\n")).collect() };
        let (before, after) = (format!("head\n{}tail\n", many("a")), format!("head\n{}tail\n", many("b")));
        let hunks = hunks(&before, &after);
        assert_eq!((hunks.len(), hunks[0].lines.len()), (1, 6_002));
        assert_eq!(patched(&before, &hunks).as_deref(), Some(after.as_str()));
    }
}
