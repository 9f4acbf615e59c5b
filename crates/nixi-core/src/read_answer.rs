//! How a read ended that an action asked for.

use crate::command::{Command, Elevation, Read};
use crate::error::ToolError;
use crate::exec::{ExecError, Invocation, Output};

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

    /// What it left behind, whatever its exit code.
    ///
    /// # Errors
    /// When the read did not run to its end.
    pub fn output(self) -> Result<Output, ToolError> {
        Ok(self.end?)
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
