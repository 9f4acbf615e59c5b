//! Why a file is not edited.

use thiserror::Error;

/// Why an edit of a Nix file was refused. The file is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// It is no Nix expression.
    #[error("syntax error at line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
    },
    /// It is larger than any configuration that people write.
    #[error("the file is larger than {} KiB", super::MOST / 1024)]
    TooLarge,
    /// One of its expressions is longer or deeper than any that people write.
    #[error("an expression has more than 200 arguments in a row or brackets in one another")]
    Overlong,
    /// The module is not written in a form in which the place for the edit can be told.
    #[error("line {line}: {what}")]
    Unfit {
        /// Where, counted from 1.
        line: usize,
        /// What stands there instead.
        what: String,
    },
    /// The result would not be what the edit is about: a fault of the editor.
    #[error("the edit would change more than it should")]
    Unsafe,
}
