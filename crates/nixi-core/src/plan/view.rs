//! A step as a person sees it.

use serde::Serialize;

use super::Diff;
use crate::text;

/// A step as a person sees it. Making one approves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepView {
    /// What runs, in one line: a command word for word, as the login user runs it.
    pub line: String,
    /// How a file changes, where the step puts one there.
    pub diff: Option<Diff>,
    /// What comes of it, a line each, where that was found out beforehand.
    pub notes: Vec<String>,
    /// The names of the secrets that it hands over; their values are nowhere but in the session.
    pub secrets: Vec<String>,
}

impl StepView {
    /// A step that one line tells whole.
    #[must_use]
    pub fn of_line(line: &str) -> Self {
        Self { line: text::clean_line(line), diff: None, notes: Vec::new(), secrets: Vec::new() }
    }

    /// The same with the change of a file.
    #[must_use]
    pub fn with_diff(self, diff: Diff) -> Self {
        Self { diff: Some(diff), ..self }
    }

    /// The same with what comes of it.
    #[must_use]
    pub fn with_notes(self, notes: &[String]) -> Self {
        Self { notes: notes.iter().map(|note| text::clean_line(note)).collect(), ..self }
    }

    /// The same with the names of secrets.
    #[must_use]
    pub fn with_secrets(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { secrets: names.into_iter().map(Into::into).collect(), ..self }
    }
}
