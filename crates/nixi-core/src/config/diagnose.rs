//! What is wrong with a configuration file, where, and what was probably meant.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::excerpt::Excerpt;
use crate::node::NodeName;
use crate::text::clean_line;

/// Problems that are reported at most.
const MOST: usize = 10;

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
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        let left_out = problems.len().saturating_sub(MOST);
        problems.truncate(MOST);
        Self { problems, left_out }
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

/// A file's text, and what was found wrong with it so far.
pub(crate) struct Sheet<'a> {
    file: &'a Path,
    text: &'a str,
    found: Vec<(usize, Problem)>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Notes a problem at a span. The message is cleaned: it may quote the file.
    pub(crate) fn report(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.note(span, message, hint, false);
    }

    /// The same, without the value that stands there: it may be a secret.
    pub(crate) fn report_hidden(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.note(span, message, hint, true);
    }

    fn note(&mut self, span: Range<usize>, message: &str, hint: Option<String>, hide: bool) {
        let start = span.start;
        let at = Some(Excerpt::new(self.text, span, hide));
        let hint = hint.map(|hint| clean_line(&hint));
        self.found
            .push((start, Problem { file: self.file.to_owned(), at, message: clean_line(message), hint }));
    }

    /// The line of a place, from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        Excerpt::new(self.text, at..at, false).line
    }

    /// The problems in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|(at, _)| *at);
        self.found.into_iter().map(|(_, problem)| problem).collect()
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
        let error = ConfigError::new((0..13).map(|_| problem()).collect());
        assert_eq!(error.problems().len(), 10);
        assert!(error.to_string().ends_with("f: bad\n\n… and 3 more problems"), "{error}");
    }
}
