//! How the content of a file changes, as a person reads it before saying yes.

mod lines;

use std::fmt;

use serde::Serialize;

use crate::plan::FileDigest;
use crate::text;

/// Content of more bytes is told by its size and digest: nobody reads so much.
const MOST_BYTES: usize = 256 * 1024;

/// A change of content: what it comes to, and every line of it with three lines around.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// In one line: `new file, 12 lines`, `2 lines added, 1 removed`, or why no lines are shown.
    pub summary: String,
    /// The lines, in the order of the file. Empty where nothing changes, or where no lines are shown.
    pub hunks: Vec<Hunk>,
}

/// Lines that change, with those around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hunk {
    /// Where they stand in the former content.
    pub before: Span,
    /// Where they stand in the new content.
    pub after: Span,
    /// The lines.
    pub lines: Vec<DiffLine>,
}

/// Some lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Span {
    /// The first of them, counted from 1; where there are none, the line that they would follow.
    pub start: usize,
    /// How many.
    pub lines: usize,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiffLine {
    /// What becomes of it.
    pub change: LineChange,
    /// Its text, without the newline. Characters that do not show are written as `<U+200B>`.
    pub text: String,
    /// Whether a newline ends it; only the last line of a file may have none.
    pub newline: bool,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// It stays.
    Kept,
    /// It goes.
    Removed,
    /// It is new.
    Added,
}

/// A diff row by row, in the unified form: what a front end draws, each row beginning with its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffRow {
    /// What it is about.
    pub kind: RowKind,
    /// Its text, sign included, on one line.
    pub text: String,
}

/// What a row of a diff is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Where a hunk stands: `@@ -3,7 +3,8 @@`.
    Place,
    /// A line.
    Line(LineChange),
    /// Something about the line above it.
    Remark,
}

/// What is there before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before<'a> {
    Nothing,
    Content(&'a [u8]),
    /// It is not shown, for this reason.
    Unshown(FileDigest, &'a str),
}

impl Diff {
    /// The way from one content to the other.
    pub(super) fn of(before: Before<'_>, after: &[u8]) -> Self {
        let new = match readable(after) {
            Ok(new) => new,
            Err(why) => return Self::words(before, &described(after, why)),
        };
        let (former, summary) = match before {
            Before::Nothing => ("", format!("new file, {}", count_lines(new))),
            Before::Content(content) if content == after => {
                return Self::summed("the content stays the same");
            }
            Before::Content(content) => match readable(content) {
                Ok(former) => (former, String::new()),
                Err(why) => ("", unshown(FileDigest::of(content), why)),
            },
            Before::Unshown(digest, why) => ("", unshown(digest, why)),
        };
        let hunks = lines::hunks(former, new);
        let count =
            |change| hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.change == change).count();
        let mut summary = match (count(LineChange::Added), count(LineChange::Removed)) {
            _ if !summary.is_empty() => summary,
            (added, 0) => format!("{} added", lines_of(added)),
            (0, removed) => format!("{} removed", lines_of(removed)),
            (added, removed) => format!("{} added, {removed} removed", lines_of(added)),
        };
        if text::reveal(former) != former || text::reveal(new) != new {
            summary.push_str("; characters that do not show are written as <U+…>");
        }
        Self { summary, hunks }
    }

    /// The way from one content to another, for whoever shows something else than a plan.
    #[must_use]
    pub fn between(before: &[u8], after: &[u8]) -> Self {
        Self::of(Before::Content(before), after)
    }

    /// Told in words, for the new content cannot be shown.
    fn words(before: Before<'_>, after: &str) -> Self {
        match before {
            Before::Nothing => Self::summed(&format!("new file, {after}")),
            Before::Content(content) => {
                let digest = FileDigest::of(content);
                Self::summed(&format!("{after}; before: {} bytes, SHA-256 {digest}", content.len()))
            }
            Before::Unshown(digest, _) => Self::summed(&format!("{after}; before: SHA-256 {digest}")),
        }
    }

    fn summed(summary: &str) -> Self {
        Self { summary: text::clean_line(summary), hunks: Vec::new() }
    }

    /// Row by row.
    #[must_use]
    pub fn rows(&self) -> Vec<DiffRow> {
        let mut rows = Vec::new();
        for hunk in &self.hunks {
            rows.push(DiffRow { kind: RowKind::Place, text: hunk.to_string() });
            for line in &hunk.lines {
                let text = format!("{}{}", line.change.sign(), line.text);
                rows.push(DiffRow { kind: RowKind::Line(line.change), text });
                if !line.newline {
                    let text = "\\ no newline at the end of the file".to_owned();
                    rows.push(DiffRow { kind: RowKind::Remark, text });
                }
            }
        }
        rows
    }
}

/// The summary, and the rows below it.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        self.rows().iter().try_for_each(|row| write!(f, "\n{}", row.text))
    }
}

/// `@@ -3,7 +3,8 @@`
impl fmt::Display for Hunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (self.before, self.after);
        write!(f, "@@ -{},{} +{},{} @@", before.start, before.lines, after.start, after.lines)
    }
}

impl LineChange {
    /// What stands before such a line: a blank, `-` or `+`.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Kept => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// The content as text, or why it is not shown.
pub(super) fn readable(content: &[u8]) -> Result<&str, &'static str> {
    if content.len() > MOST_BYTES {
        return Err("too large to be shown");
    }
    match std::str::from_utf8(content) {
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(_) | Err(_) => Err("not text"),
    }
}

fn described(content: &[u8], why: &str) -> String {
    format!("{} bytes, {why}, SHA-256 {}", content.len(), FileDigest::of(content))
}

fn unshown(digest: FileDigest, why: &str) -> String {
    text::clean_line(&format!("all lines are new; what is there now is not shown ({why}), SHA-256 {digest}"))
}

fn count_lines(text: &str) -> String {
    if text.is_empty() { "empty".to_owned() } else { lines_of(text.lines().count()) }
}

fn lines_of(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        Diff::of(Before::Content(before.as_bytes()), after.as_bytes()).to_string()
    }

    #[test]
    fn a_change_is_shown_with_three_lines_around_it() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 5\n", "line five\n").replace("line 18\n", "");
        insta::assert_snapshot!(shown(&before, &after), @r"
        1 line added, 2 removed
        @@ -2,7 +2,7 @@
         line 2
         line 3
         line 4
        -line 5
        +line five
         line 6
         line 7
         line 8
        @@ -15,6 +15,5 @@
         line 15
         line 16
         line 17
        -line 18
         line 19
         line 20
        ");
    }

    #[test]
    fn a_new_file_is_shown_whole() {
        let new = |text: &str| Diff::of(Before::Nothing, text.as_bytes()).to_string();
        insta::assert_snapshot!(new("one\ntwo"), @r"
        new file, 2 lines
        @@ -0,0 +1,2 @@
        +one
        +two
        \ no newline at the end of the file
        ");
        assert_eq!(new(""), "new file, empty");
        assert_eq!(shown("a\n", "a\n"), "the content stays the same");
    }

    #[test]
    fn a_newline_that_comes_or_goes_is_a_change() {
        insta::assert_snapshot!(shown("a\nb", "a\nb\n"), @r"
        1 line added, 1 removed
        @@ -1,2 +1,2 @@
         a
        -b
        \ no newline at the end of the file
        +b
        ");
        assert!(shown("a\r\n", "a\n").contains("-a<U+000D>\n+a"));
    }

    #[test]
    fn what_does_not_show_is_written_out() {
        let diff = shown("rm x\n", "rm x\u{1b}[2K\u{202e}\ty\n");
        insta::assert_snapshot!(diff, @r"
        1 line added, 1 removed; characters that do not show are written as <U+…>
        @@ -1,1 +1,1 @@
        -rm x
        +rm x<U+001B>[2K<U+202E>	y
        ");
    }

    #[test]
    fn what_cannot_be_shown_is_told_in_words_with_its_digest() {
        let binary = [0, 159, 146, 150];
        let text = b"one\n";
        let digest = |bytes: &[u8]| FileDigest::of(bytes).to_string();
        let all = [
            Diff::of(Before::Nothing, &binary),
            Diff::of(Before::Content(text), &binary),
            Diff::of(Before::Content(&binary), text),
            Diff::of(Before::Unshown(FileDigest::of(&binary), "the login user may not read it"), text),
            Diff::of(Before::Unshown(FileDigest::of(text), "not text"), &vec![b'a'; MOST_BYTES + 1]),
            Diff::of(Before::Nothing, "a\0b".as_bytes()),
        ];
        assert!(all[0].summary.contains("new file, 4 bytes, not text") && all[0].hunks.is_empty());
        for (diff, known) in all.iter().zip([&binary[..], text, &binary, &binary, text, b"a\0b"]) {
            assert!(diff.summary.contains(&digest(known)), "{diff}");
        }
        for all_new in &all[2..4] {
            assert!(all_new.to_string().ends_with("\n@@ -0,0 +1,1 @@\n+one"), "{all_new}");
        }
        assert!(all[4].summary.contains("too large") && all[4].hunks.is_empty());
    }
}
