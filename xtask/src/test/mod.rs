//! `cargo xtask test`: every test that this machine can run, and plain words about what it cannot.

mod count;
pub(crate) mod debian;
mod doc;
mod level;
mod llmock;
mod nextest;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use count::Count;
use level::Level;

use crate::lab;
use crate::say::tell;

/// What the tests need beyond the toolchain and is not here, by the names that are printed.
type Missing = Vec<String>;

/// Brings what is missing and may be brought, runs the levels, and prints a line for each.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut missing = debian::bring();
    let llmock = llmock::bring();
    if let Err(error) = &llmock {
        loud(&format!("llmock is missing: {error:#}"));
        missing.push("llmock".to_owned());
    }
    nextest::bring()?;

    let mut tests = nextest::Tests::new(args, llmock.ok())?;
    let has_sshd = !missing.iter().any(|name| name == "sshd");
    let parts = [
        Part::run("level 1 (anywhere)", Vec::new(), || tests.run(Level::Anywhere)),
        Part::run("level 1 (doc tests)", Vec::new(), || match args {
            [] => doc::run(),
            _ => bail!("arguments were given"),
        }),
        Part::run("level 2 (sshd on loopback)", missing, || match has_sshd {
            true => tests.run(Level::Loopback),
            false => bail!("openssh-server is not installed"),
        }),
        // The machines' file tree is built before the tests, which would run into their time-out over it.
        Part::run("level 3 (lab machines)", Vec::new(), || match tests.has(Level::Lab) {
            true => lab::bring_base().and_then(|()| tests.run(Level::Lab)),
            false => Ok(Count::default()),
        }),
    ];

    println!();
    parts.iter().for_each(|part| println!("{part}"));
    let all: Count = parts.iter().filter_map(|part| part.count.as_ref().ok().copied()).sum();
    println!("{all}");
    if !all.is_good() {
        bail!("tests failed");
    }
    if all.ran() == 0 {
        bail!("no test ran");
    }
    // Where everything can be brought, a gate that leaves tests out is none. Whoever names some asked for no more.
    let is_gate = std::env::var_os("CI").is_some() && debian::is_root() && args.is_empty();
    match parts.iter().find_map(Part::gap) {
        Some(gap) if is_gate => bail!("{gap}"),
        _ => Ok(()),
    }
}

/// What nextest is told where lab machines cannot run: the tests that need none.
pub(crate) fn without_machines() -> String {
    format!("not ({})", Level::Lab.filter(None))
}

/// The tests of a level, run or not.
struct Part {
    name: &'static str,
    count: Result<Count>,
    /// What some of them needed and did not find.
    missing: Missing,
    time: Duration,
}

impl Part {
    fn run(name: &'static str, missing: Missing, tests: impl FnOnce() -> Result<Count>) -> Self {
        let begun = Instant::now();
        let count = tests();
        if let Err(error) = &count {
            loud(&format!("{name} could not run: {error:#}"));
        }
        Self { name, count, missing, time: begun.elapsed() }
    }

    /// Which of its tests did not run, if some did not.
    fn gap(&self) -> Option<String> {
        match &self.count {
            Ok(count) if count.ran() == 0 => Some(format!("{}: no test ran", self.name)),
            Ok(_) if self.missing.is_empty() => None,
            Ok(_) | Err(_) => Some(self.to_string()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.count {
            Err(error) => {
                let error = format!("{error:#}");
                return write!(f, "could not run: {}", error.lines().next().unwrap_or_default());
            }
            Ok(count) if count.ran() == 0 && count.broken => return f.write_str("could not run: see above"),
            Ok(count) => write!(f, "ran {} in {:.0} s", count.ran(), self.time.as_secs_f64())?,
        }
        if !self.missing.is_empty() {
            write!(f, ", without those that need {} (not installed)", self.missing.join(", "))?;
        }
        Ok(())
    }
}

/// What nobody may overlook.
pub(crate) fn loud(what: &str) {
    tell(format_args!("\n!!! {what}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: Result<Count>, missing: &[&str]) -> String {
        let missing = missing.iter().map(|&name| name.to_owned()).collect();
        Part { time: Duration::from_millis(1_600), ..Part::run("level 9", missing, || count) }.to_string()
    }

    #[test]
    fn a_level_that_did_not_run_never_says_that_it_ran() {
        let built_nothing = Count { broken: true, ..Count::default() };
        assert_eq!(told(Ok(built_nothing), &[]), "level 9: could not run: see above");
        let error = anyhow::anyhow!("inside\nmuch more").context("outside");
        assert_eq!(told(Err(error), &[]), "level 9: could not run: outside: inside");
        let count = Count { passed: 3, failed: 1, broken: true };
        assert_eq!(told(Ok(count), &[]), "level 9: ran 4 in 2 s");
        assert_eq!(
            told(Ok(count), &["tmux", "llmock"]),
            "level 9: ran 4 in 2 s, without those that need tmux, llmock (not installed)"
        );
    }

    #[test]
    fn a_gate_has_no_gap() {
        let gap = |count, missing: &[&str]| {
            let missing = missing.iter().map(|&name| name.to_owned()).collect();
            Part::run("level 9", missing, || count).gap()
        };
        let whole = Count { passed: 3, failed: 0, broken: false };
        assert_eq!(gap(Ok(whole), &[]), None);
        assert_eq!(gap(Ok(Count::default()), &[]).unwrap(), "level 9: no test ran");
        assert_eq!(gap(Err(anyhow::anyhow!("no root")), &[]).unwrap(), "level 9: could not run: no root");
        assert!(gap(Ok(whole), &["llmock"]).unwrap().contains("without those that need llmock"));
    }
}
