//! The only file of the chores that starts programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::say::tell;

/// A program with no standard input: a chore never waits for an answer.
pub(crate) fn program(name: &str) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores drive cargo and apt; they are no part of the product"
    )]
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

/// The cargo that runs this chore, without what that run has set for this package alone.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(&*name);
        }
    }
    command.args(args);
    command
}

/// Shows the command, runs it with its output on this terminal, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if succeeds(command)? {
        return Ok(());
    }
    bail!("failed: {}", shown(command))
}

/// Shows the command and runs it; whether it ended well.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    let line = shown(command);
    tell(format_args!("$ {line}"));
    Ok(command.status().with_context(|| format!("cannot start {line}"))?.success())
}

/// What a command prints to its standard output; an error holds what it said on the other stream.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let line = shown(command);
    let output = command.output().with_context(|| format!("cannot start {line}"))?;
    if !output.status.success() {
        bail!("failed: {line}\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{line} printed no UTF-8"))
}

/// Whether a command can be started and ends well, in silence.
pub(crate) fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Where a program is: on PATH, or where Debian puts what is for root.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/run/current-system/sw/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words: Vec<_> = std::iter::once(program.file_name().unwrap_or_default())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(program("false").arg("loudly")).unwrap_err();
        assert_eq!(error.to_string(), "failed: false loudly");
        assert!(output_of(program("ls").arg("/no-such-folder")).is_err());
        assert!(!answers(&mut program("no-such-program-anywhere")));
    }

    #[test]
    fn programs_are_found_by_name() {
        assert!(find("cargo").is_some());
        assert!(find("no-such-program-anywhere").is_none());
    }
}
