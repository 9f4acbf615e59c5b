//! Running the levels with nextest.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::count::Count;
use super::level::Level;
use super::loud;
use crate::checkout::root;
use crate::program::{answers, cargo, output_of, run, succeeds};

/// Installs nextest where it is missing.
pub(crate) fn bring() -> Result<()> {
    if answers(&mut cargo(&["nextest", "--version"])) {
        return Ok(());
    }
    loud("cargo-nextest is missing; installing it");
    run(&mut cargo(&["install", "cargo-nextest", "--locked"]))
        .context("the tests need cargo-nextest: https://nexte.st/docs/installation")
}

/// The tests of the workspace, with what they are told about this machine.
pub(crate) struct Tests {
    root: PathBuf,
    report: PathBuf,
    profile: &'static str,
    filter: Option<String>,
    args: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Tests {
    pub(crate) fn new(args: &[String], llmock: Option<PathBuf>) -> Result<Self> {
        let profile = if std::env::var_os("CI").is_some() { "ci" } else { "default" };
        // nextest keeps its reports below the workspace, wherever cargo builds.
        let report = root()?.join("target/nextest").join(profile).join("junit.xml");
        let (filter, args) = split_filter(args);
        let mut environment = Vec::new();
        if let Some(llmock) = llmock {
            environment.push(("NIXI_LLMOCK", llmock.to_string_lossy().into_owned()));
        }
        Ok(Self { root: root()?, report, profile, filter, args, environment })
    }

    /// Whether the person asked for any test of a level.
    pub(crate) fn has(&self, level: Level) -> bool {
        if self.filter.is_none() && self.args.is_empty() {
            return true;
        }
        lists_any(output_of(&mut self.nextest(&["list"], level)))
    }

    /// Something that nextest does with the tests of a level that were asked for.
    fn nextest(&self, does: &[&str], level: Level) -> Command {
        let mut command = cargo(&["nextest"]);
        command.args(does).args(["--profile", self.profile]);
        let one_package = self.args.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package"));
        if !one_package {
            command.arg("--workspace");
        }
        command.arg("-E").arg(level.filter(self.filter.as_deref())).args(&self.args);
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(&self.root);
        command
    }

    /// Runs one level. Tests that fail are in the count; an error is a run that could not be counted.
    pub(crate) fn run(&mut self, level: Level) -> Result<Count> {
        if self.report.exists() {
            std::fs::remove_file(&self.report).context("cannot remove the last report")?;
        }
        let mut command = self.nextest(&["run", "--no-tests=pass"], level);
        let good = succeeds(&mut command)?;
        if !self.report.exists() {
            // Nothing matched, or nothing could be built.
            return Ok(Count { broken: !good, ..Count::default() });
        }
        let report = std::fs::read_to_string(&self.report).context("cannot read nextest's report")?;
        let count = Count::from_junit(&report)?;
        Ok(Count { broken: !good, ..count })
    }
}

/// Where nextest cannot list the tests, such as for an option that only a run has, the run has to tell.
fn lists_any(listed: Result<String>) -> bool {
    listed.map_or(true, |list| !list.trim().is_empty())
}

/// Takes a `-E` off the arguments: nextest would add it to the level's tests rather than narrow them.
fn split_filter(args: &[String]) -> (Option<String>, Vec<String>) {
    let (mut filters, mut rest) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "-E" || arg == "--filterset" {
            filters.extend(args.next().cloned());
        } else if let Some(filter) = arg.strip_prefix("--filterset=") {
            filters.push(filter.to_owned());
        } else {
            rest.push(arg.clone());
        }
    }
    let filter = filters.into_iter().map(|filter| format!("({filter})")).reduce(|a, b| format!("{a} or {b}"));
    (filter, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_of_nothing_says_that_nothing_was_asked_for() {
        assert!(lists_any(Ok("xtask::lab_chore:\n    mistakes_are_told\n".to_owned())));
        assert!(lists_any(Err(anyhow::anyhow!("no such option"))));
        assert!(!lists_any(Ok("\n".to_owned())));
    }

    #[test]
    fn filters_are_told_from_other_arguments() {
        let args = ["-p", "nixi-core", "-E", "test(a)", "--filterset=test(b)", "name"].map(str::to_owned);
        let (filter, rest) = split_filter(&args);
        assert_eq!(filter.as_deref(), Some("(test(a)) or (test(b))"));
        assert_eq!(rest, ["-p", "nixi-core", "name"]);
    }
}
