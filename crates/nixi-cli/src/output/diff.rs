//! How a file changes, below the step that puts it there.

use nixi_core::Diff;
use nixi_core::plan::{DiffRow, LineChange, RowKind};
use nixi_core::wrap::{Wrap, wrap};

use super::{Paint, Tone};

/// How much of a diff is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// All of it.
    Whole,
    /// Its beginning and its end, if it is very long: a question has to be found below it.
    Folded,
}

/// So many rows are drawn whole, and half of them from each end of a longer diff.
const MOST_ROWS: usize = 400;

/// What stands before each row, so that no line of a file looks like a step or a question.
const GUTTER: &str = "│ ";
/// The same before the rest of a line that is wider than the terminal.
const REST: &str = "┊ ";

/// The summary, and the rows below it, none wider than `columns`.
pub(super) fn rows(diff: &Diff, indent: usize, columns: usize, paint: Paint, length: Length) -> Vec<String> {
    let mut sheet = Sheet { indent: " ".repeat(indent), columns, paint, rows: Vec::new() };
    sheet.put(&diff.summary, Wrap::Words, Tone::Faint);
    let rows = diff.rows();
    match length {
        Length::Folded if rows.len() > MOST_ROWS => {
            let (first, rest) = rows.split_at(MOST_ROWS / 2);
            let (left, last) = rest.split_at(rest.len() - MOST_ROWS / 2);
            first.iter().for_each(|row| sheet.row(row));
            let words = format!("… {} more rows of this file; `--dry-run` shows all of them", left.len());
            sheet.put(&words, Wrap::Words, Tone::Warn);
            last.iter().for_each(|row| sheet.row(row));
        }
        Length::Folded | Length::Whole => rows.iter().for_each(|row| sheet.row(row)),
    }
    sheet.rows
}

struct Sheet {
    indent: String,
    columns: usize,
    paint: Paint,
    rows: Vec<String>,
}

impl Sheet {
    fn row(&mut self, row: &DiffRow) {
        let tone = match row.kind {
            RowKind::Place | RowKind::Remark => Tone::Faint,
            RowKind::Line(LineChange::Kept) => Tone::Plain,
            RowKind::Line(LineChange::Removed) => Tone::Removed,
            RowKind::Line(LineChange::Added) => Tone::Added,
        };
        self.put(&row.text, Wrap::Exact, tone);
    }

    fn put(&mut self, text: &str, how: Wrap, tone: Tone) {
        let room = self.columns.saturating_sub(self.indent.len() + GUTTER.chars().count()).max(1);
        for (at, row) in wrap(text, room, how).iter().enumerate() {
            let gutter = if at == 0 { GUTTER } else { REST };
            self.rows.push(format!("{}{gutter}{}", self.indent, self.paint.of(tone, row)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(before: &str, after: &str, columns: usize, length: Length) -> Vec<String> {
        rows(&Diff::between(before.as_bytes(), after.as_bytes()), 4, columns, Paint::Plain, length)
    }

    #[test]
    fn each_row_stands_behind_a_gutter() {
        let after = "one\n  2. podman rm x\nApply this? [y/N] y\n";
        let expected = [
            "    │ 2 lines added",
            "    │ @@ -1,1 +1,3 @@",
            "    │  one",
            "    │ +  2. podman rm ",
            "    ┊ x",
            "    │ +Apply this? ",
            "    ┊ [y/N] y",
        ];
        assert_eq!(drawn("one\n", after, 22, Length::Whole), expected);
    }

    #[test]
    fn a_very_long_diff_is_folded_with_a_count_only_where_it_has_to_be() {
        let after: String = (0..1_000).map(|n| format!("line {n}\n")).collect();
        let folded = drawn("", &after, 80, Length::Folded);
        // The summary, and the row that counts.
        assert_eq!(folded.len(), MOST_ROWS + 2);
        assert!(folded.iter().any(|row| row.contains("… 601 more rows of this file")), "{folded:?}");
        assert!(folded[3].ends_with("+line 1") && folded.last().unwrap().ends_with("+line 999"));
        assert_eq!(drawn("", &after, 80, Length::Whole).len(), 1_002);
        let short: String = (0..300).map(|n| format!("line {n}\n")).collect();
        assert_eq!(drawn("", &short, 80, Length::Folded).len(), 302);
    }

    #[test]
    fn what_goes_is_red_and_what_comes_is_green() {
        let rows = rows(&Diff::between(b"a\n", b"b\n"), 0, 80, Paint::Coloured, Length::Whole);
        assert_eq!(rows[2..], ["│ \u{1b}[31m-a\u{1b}[0m", "│ \u{1b}[32m+b\u{1b}[0m"]);
    }
}
