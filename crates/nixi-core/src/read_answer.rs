//! How a read ended that an action asked for.

use crate::command::{Command, Elevation, Read};
use crate::error::ToolError;
use crate::exec::{ExecError, Invocation, Output};
use crate::plan::Expectation;

/// How one of several reads ended that went out together ([`crate::InspectCx::gather`]).
#[derive(Debug)]
pub struct ReadAnswer {
    command: Command<Read>,
    /// As it was run, word for word.
    shown: String,
    end: Result<Output, ExecError>,
}

impl ReadAnswer {
    pub(crate) fn new(command: Command<Read>, shown: String, end: Result<Output, ExecError>) -> Self {
        Self { command, shown, end }
    }

    /// The read.
    pub fn command(&self) -> &Command<Read> {
        &self.command
    }

    /// What it wrote to standard error, if it ran to its end and failed.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let output = self.end.as_ref().ok().filter(|output| !output.exit.is_success())?;
        Some(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What it left behind, whatever its exit code.
    ///
    /// # Errors
    /// When the read did not run to its end.
    pub fn output(self) -> Result<Output, ToolError> {
        Ok(self.end?)
    }

    /// What it printed, and the same as something that a plan relies on: it is applied only while the read still prints that.
    /// `says` tells a person what is relied on.
    ///
    /// # Errors
    /// As [`Self::stdout`].
    pub fn pinned(self, says: impl Into<String>) -> Result<(String, Expectation), ToolError> {
        let command = self.command.clone();
        let stdout = self.stdout()?;
        let expectation = Expectation::new(says.into(), command, &stdout);
        Ok((stdout, expectation))
    }

    /// What it printed.
    ///
    /// # Errors
    /// When the read did not run to its end, failed, or printed more than is kept.
    pub fn stdout(self) -> Result<String, ToolError> {
        let Self { command, shown, end } = self;
        let output = end?;
        if !output.exit.is_success() {
            let elevated = command.elevation() == Elevation::Root;
            return Err(ToolError::of_output(&shown, command.program(), elevated, &output));
        }
        if output.truncated {
            return Err(ToolError::Unreadable {
                command: shown,
                why: format!("it is longer than {} bytes", Invocation::OUTPUT_LIMIT),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
