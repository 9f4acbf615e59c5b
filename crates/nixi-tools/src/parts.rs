//! Answers put together from several reads. What one of them does not tell is left out; the others are shown.

use nixi_core::text::clean_line;
use nixi_core::{ExecError, ToolError};

use crate::rows::LeftOut;

/// Gathers what the reads of one answer told.
#[derive(Default)]
pub(crate) struct Parts {
    left_out: Vec<LeftOut>,
    is_any_there: bool,
    first_error: Option<ToolError>,
}

impl Parts {
    /// A part that every machine has. If `program` does not tell it, it is left out under this name.
    ///
    /// # Errors
    /// If the node itself is out of reach, or a person gave up: then no part can be had.
    pub(crate) fn take<T>(
        &mut self,
        what: &str,
        program: &str,
        read: Result<T, ToolError>,
    ) -> Result<Option<T>, ToolError> {
        let error = match read {
            Ok(part) => {
                self.is_any_there = true;
                return Ok(Some(part));
            }
            Err(error) if is_of_the_node(&error) => return Err(error),
            Err(error) => error,
        };
        self.left_out.push(LeftOut::new(what, &why(program, &error)));
        self.first_error.get_or_insert(error);
        Ok(None)
    }

    /// The same for a part that not every machine has: a program that is missing, or says no, tells just that.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) fn take_if_there<T>(
        &mut self,
        what: &str,
        program: &str,
        read: Result<T, ToolError>,
    ) -> Result<Option<T>, ToolError> {
        match read {
            Err(ToolError::ProgramMissing(_)) => Ok(None),
            Err(ToolError::Command { exit: nixi_core::Exit::Code(_), .. }) => Ok(None),
            read => self.take(what, program, read),
        }
    }

    /// Notes rows of a part that are missing.
    pub(crate) fn leave_out(&mut self, rows: Vec<LeftOut>) {
        self.left_out.extend(rows);
    }

    /// What is left out beside a part that is always there.
    pub(crate) fn left_out(self) -> Vec<LeftOut> {
        self.left_out
    }

    /// What is left out.
    ///
    /// # Errors
    /// If there is no part at all: the first error.
    pub(crate) fn finish(self) -> Result<Vec<LeftOut>, ToolError> {
        match self.first_error {
            Some(error) if !self.is_any_there => Err(error),
            Some(_) | None => Ok(self.left_out),
        }
    }
}

/// Whether an error would be the same for every other read of the node.
fn is_of_the_node(error: &ToolError) -> bool {
    match error {
        ToolError::Exec(error) => match error {
            ExecError::Deadline(_) => false,
            ExecError::Unreachable { .. }
            | ExecError::Unfit { .. }
            | ExecError::Lost(_)
            | ExecError::CancelledUnsent
            | ExecError::Cancelled
            | ExecError::Unquotable(_) => true,
        },
        ToolError::Command { .. }
        | ToolError::SudoPassword { .. }
        | ToolError::SudoRefused { .. }
        | ToolError::SudoMissing
        | ToolError::ProgramMissing(_)
        | ToolError::Permission { .. }
        | ToolError::Unreadable { .. }
        | ToolError::BadArgument { .. }
        | ToolError::NotFound { .. }
        | ToolError::SecretsNeeded(_)
        | ToolError::Reported(_) => false,
    }
}

fn why(program: &str, error: &ToolError) -> String {
    match error {
        ToolError::Exec(ExecError::Deadline(limit)) => format!("`{program}` did not answer within {limit:?}"),
        ToolError::Command { exit, stderr, .. } => {
            let said = clean_line(stderr.trim());
            let colon = if said.is_empty() { "" } else { ": " };
            format!("`{program}` failed ({exit}){colon}{said}")
        }
        ToolError::Unreadable { why, .. } => format!("cannot read what `{program}` printed: {why}"),
        ToolError::Exec(_)
        | ToolError::SudoPassword { .. }
        | ToolError::SudoRefused { .. }
        | ToolError::SudoMissing
        | ToolError::ProgramMissing(_)
        | ToolError::Permission { .. }
        | ToolError::BadArgument { .. }
        | ToolError::NotFound { .. }
        | ToolError::SecretsNeeded(_)
        | ToolError::Reported(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::command::Program;
    use nixi_core::{ErrorKind, Exit, Unreachable};
    use std::time::Duration;

    fn hung() -> ToolError {
        ToolError::Exec(ExecError::Deadline(Duration::from_secs(3)))
    }

    #[test]
    fn what_one_read_does_not_tell_is_left_out_by_its_program() {
        let mut parts = Parts::default();
        assert_eq!(parts.take("memory", "cat /proc/meminfo", Ok(7)).unwrap(), Some(7));
        assert_eq!(parts.take::<u8>("disks", "df", Err(hung())).unwrap(), None);
        let killed = ToolError::Command {
            command: "nproc".to_owned(),
            program: Program::new("nproc"),
            exit: Exit::Signal("KILL".to_owned()),
            stderr: String::new(),
        };
        assert_eq!(parts.take_if_there::<u8>("processors", "nproc", Err(killed)).unwrap(), None);
        let missing = ToolError::ProgramMissing(Program::new("nixos-version"));
        assert_eq!(parts.take_if_there::<u8>("nixos", "nixos-version", Err(missing)).unwrap(), None);
        let told: Vec<String> = parts.finish().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["disks: `df` did not answer within 3s", "processors: `nproc` failed (killed by SIGKILL)"]
        );
    }

    #[test]
    fn no_part_at_all_is_an_error_and_so_is_a_node_out_of_reach() {
        let mut parts = Parts::default();
        assert_eq!(parts.take::<u8>("disks", "df", Err(hung())).unwrap(), None);
        assert_eq!(parts.finish().unwrap_err().kind(), ErrorKind::Deadline);
        let gone = ToolError::Exec(ExecError::Unreachable {
            reason: Unreachable::Refused,
            detail: String::new(),
            hint: None,
        });
        let mut parts = Parts::default();
        assert_eq!(parts.take("memory", "cat", Ok(1)).unwrap(), Some(1));
        assert_eq!(parts.take::<u8>("disks", "df", Err(gone)).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(
            parts.take::<u8>("disks", "df", Err(ToolError::Exec(ExecError::Cancelled))).unwrap_err().kind(),
            ErrorKind::Cancelled
        );
    }
}
