//! How the program ends.

use std::process::ExitCode;

use nixi_core::{ErrorReport, Outcome};

/// An exit code of the CLI contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit(u8);

impl Exit {
    /// All done.
    pub(crate) const DONE: Self = Self(0);
    /// Something failed.
    pub(crate) const FAILED: Self = Self(1);
    /// Bad usage.
    pub(crate) const USAGE: Self = Self(2);
    /// Interrupted by the person.
    pub(crate) const INTERRUPTED: Self = Self(130);

    /// The code of an outcome.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        Self(outcome.exit_code())
    }

    /// The number.
    pub(crate) fn code(self) -> i32 {
        i32::from(self.0)
    }

    /// The code of an error that came before anything else.
    pub(crate) fn of_error(error: &ErrorReport) -> Self {
        Self::of(&Outcome::error(error.clone()))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
