//! What is wrong with a configuration file, where, and what was probably meant.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::excerpt::Excerpt;
use crate::node::NodeName;
use crate::text::{clean_line, fit};

/// Problems that are reported at most.
const MOST: usize = 10;
/// A message that quotes a file is no longer than so many columns.
const LONGEST: usize = 500;

/// Why the configuration was not read: every problem of its files, at most ten, in the order of the lines.
///
/// `Display` is for a terminal: several lines a problem, with the offending line and a caret under it. It holds no
/// value whose key sounds secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
    left_out: usize,
}

impl ConfigError {
    pub(crate) fn new(problems: Problems) -> Self {
        let Problems { first, more } = problems;
        Self { problems: first, left_out: more }
    }

    /// The problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The first hint, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.problems.iter().find_map(Problem::hint)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        f.write_str(&all.join("\n\n"))?;
        match self.left_out {
            0 => Ok(()),
            1 => f.write_str("\n\n… and one more problem"),
            n => write!(f, "\n\n… and {n} more problems"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The problems that are shown, and how many more there are.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    first: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.append(Self { first: vec![problem], more: 0 });
    }

    /// Puts others behind these.
    pub(crate) fn append(&mut self, others: Self) {
        self.first.extend(others.first);
        self.more += others.more + self.first.len().saturating_sub(MOST);
        self.first.truncate(MOST);
    }

    pub(crate) fn count(&self) -> usize {
        self.first.len() + self.more
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { first: vec![problem], more: 0 }
    }
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    at: Option<Excerpt>,
    message: String,
    hint: Option<String>,
}

impl Problem {
    /// A problem of the file as a whole.
    pub(crate) fn of_file(file: &Path, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { file: file.to_owned(), at: None, message: message.into(), hint }
    }

    /// A problem at a place that was found before the text could be read as a whole.
    pub(crate) fn at(file: &Path, at: Excerpt, message: &str) -> Self {
        Self { file: file.to_owned(), at: Some(at), message: message.to_owned(), hint: None }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, from 1; `None` if the file as a whole could not be read.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.at.as_ref().map(|at| at.line)
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.at.as_ref().map(|at| at.column)
    }

    /// What is wrong, on one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead, where that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_path(&self.file))?;
        if let Some(at) = &self.at {
            write!(f, ":{}:{}", at.line, at.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(at) = &self.at {
            write!(f, "\n{}", at.render().trim_end_matches('\n'))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a node that its declaration alone does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) node: NodeName,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// A file's text, and what was found wrong with it so far. Only what will be shown is worked out, and kept: a file of
/// a person's own can be wrong in a hundred thousand places.
pub(crate) struct Sheet<'a> {
    file: &'a Path,
    text: &'a str,
    /// Those that stand first in the text, in their order.
    found: Vec<Found>,
    more: usize,
    /// Where the lines begin, but for the first; once somebody has asked.
    lines: OnceCell<Vec<usize>>,
}

struct Found {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
    hide: bool,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, found: Vec::new(), more: 0, lines: OnceCell::new() }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Notes a problem at a span. The message is cleaned and cut: it may quote the file.
    pub(crate) fn report(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.note(Found { span, message: message.to_owned(), hint, hide: false });
    }

    /// The same, without the value that stands there: it may be a secret.
    pub(crate) fn report_hidden(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.note(Found { span, message: message.to_owned(), hint, hide: true });
    }

    fn note(&mut self, found: Found) {
        let at = self.found.partition_point(|other| other.span.start <= found.span.start);
        if at < MOST {
            self.found.insert(at, found);
        } else {
            self.more += 1;
        }
        self.more += self.found.len().saturating_sub(MOST);
        self.found.truncate(MOST);
    }

    /// The line of a place, from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        let lines = self.lines.get_or_init(|| self.text.match_indices('\n').map(|(at, _)| at + 1).collect());
        lines.partition_point(|begin| *begin <= at) + 1
    }

    /// The problems in the order of the file.
    pub(crate) fn into_problems(self) -> Problems {
        let Self { file, text, found, more, lines: _ } = self;
        let shown = |words: &str| fit(&clean_line(words), LONGEST);
        let problem = |Found { span, message, hint, hide }: Found| Problem {
            file: file.to_owned(),
            at: Some(Excerpt::new(text, span, hide)),
            message: shown(&message),
            hint: hint.as_deref().map(shown),
        };
        Problems { first: found.into_iter().map(problem).collect(), more }
    }
}

/// A path, safe to print.
pub(crate) fn show_path(path: &Path) -> String {
    clean_line(&path.display().to_string())
}

/// The candidate that the word was probably meant to be, if one is close. Words of absurd length are not compared.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates = candidates.into_iter().filter(|_| word.len() <= 64);
    crate::nearest::nearest(word, candidates).first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let keys = ["name", "host", "user", "mode", "port"];
        assert_eq!(closest("hots", keys), Some("host"));
        assert_eq!(closest("Mode", keys), Some("mode"));
        assert_eq!(closest("volume", keys), None);
        assert_eq!(closest(&"x".repeat(100_000), keys), None);
    }

    #[test]
    fn ten_problems_are_enough() {
        let problem = || Problem::of_file(Path::new("f"), "bad", None);
        let mut problems = Problems::default();
        (0..13).for_each(|_| problems.push(problem()));
        assert_eq!(problems.count(), 13);
        let error = ConfigError::new(problems);
        assert_eq!(error.problems().len(), 10);
        assert!(error.to_string().ends_with("f: bad\n\n… and 3 more problems"), "{error}");
    }

    #[test]
    fn the_first_problems_of_a_text_are_kept_whatever_their_order() {
        let text = "x\n".repeat(30);
        for step in [1, 7, 11, 29] {
            let mut sheet = Sheet::new(Path::new("f"), &text);
            for line in (0..30).map(|at| at * step % 30) {
                sheet.report(line * 2..line * 2 + 1, &format!("bad {line}"), None);
                assert!(sheet.found.len() <= MOST, "only what is shown is kept");
                assert_eq!(sheet.line_of(line * 2), line + 1);
            }
            let problems = sheet.into_problems();
            let lines: Vec<_> = problems.first.iter().filter_map(Problem::line).collect();
            assert_eq!((lines, problems.count()), ((1..=10).collect(), 30), "{step}");
        }
    }

    #[test]
    fn a_word_of_any_length_makes_a_short_message() {
        let text = "y".repeat(70_000);
        let mut sheet = Sheet::new(Path::new("f"), &text);
        sheet.report(0..text.len(), &format!("unknown key {text:?}"), Some(text.clone()));
        let told = ConfigError::new(sheet.into_problems()).to_string();
        assert!(told.len() < 1500, "{} bytes", told.len());
    }
}
