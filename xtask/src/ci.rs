//! `cargo xtask ci`: all checks, one after the other, with a table of times.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::checkout::{metadata, root};
use crate::program::{cargo, run as run_program};
use crate::{bench, deny, fuzz, lab, test, tidy};

/// How long each target is fuzzed, in seconds: enough to see that it builds, runs, and stumbles over nothing near.
const FUZZ: u32 = 5;

enum Outcome {
    Passed,
    Failed,
    PassedOver(&'static str),
}

type Check = fn() -> Result<Outcome>;

const CHECKS: &[(&str, Check)] = &[
    ("fmt", fmt),
    ("clippy", || passes(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])),
    ("tidy", || tidy::run().map(|()| Outcome::Passed)),
    ("build", || passes(&["test", "--workspace", "--all-targets", "--no-run"], &[])),
    ("benches", benches),
    ("fuzz", || fuzz::each(FUZZ, &[]).map(|()| Outcome::Passed)),
    ("machines", machines),
    ("test", || test::run(&[]).map(|()| Outcome::Passed)),
    ("doc", || passes(&["doc", "--workspace", "--no-deps", "--lib"], &[("RUSTDOCFLAGS", "-D warnings")])),
    ("deny", || deny::run().map(|()| Outcome::Passed)),
];

/// Runs every check, also after one has failed.
pub(crate) fn run() -> Result<()> {
    let mut table = Vec::new();
    for (name, check) in CHECKS {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = check().unwrap_or_else(|error| {
            eprintln!("{name}: {error:#}");
            Outcome::Failed
        });
        table.push((*name, outcome, start.elapsed()));
    }
    println!();
    for (name, outcome, time) in &table {
        println!("{}", row(name, outcome, *time));
    }
    let total: Duration = table.iter().map(|(_, _, time)| *time).sum();
    println!("{:<8} {:>7.1} s", "all", total.as_secs_f64());
    let failed: Vec<_> = table
        .iter()
        .filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed))
        .map(|(name, ..)| *name)
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn row(name: &str, outcome: &Outcome, time: Duration) -> String {
    let (word, why) = match outcome {
        Outcome::Passed => ("passed", ""),
        Outcome::Failed => ("FAILED", ""),
        Outcome::PassedOver(why) => ("not run: ", *why),
    };
    format!("{name:<8} {:>7.1} s  {word}{why}", time.as_secs_f64())
}

fn passes(args: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    run_program(cargo(args).envs(environment.iter().copied()).current_dir(root()?)).map(|()| Outcome::Passed)
}

fn fmt() -> Result<Outcome> {
    passes(&["fmt", "--all", "--check"], &[])?;
    passes(&["fmt", "--manifest-path", "benches/Cargo.toml", "--check"], &[])?;
    passes(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"], &[])
}

/// What measures lies outside of the workspace, so that nobody else compiles its peers.
fn benches() -> Result<Outcome> {
    let target = metadata()?.target_directory;
    let mut clippy = bench::in_benches(&["clippy"], &target);
    run_program(clippy.args(["--all-targets", "--", "-D", "warnings"]).current_dir(root()?))?;
    run_program(bench::in_benches(&["test"], &target).current_dir(root()?)).map(|()| Outcome::Passed)
}

/// The tree of the lab machines, so that a first run's time is told apart from the tests' own.
fn machines() -> Result<Outcome> {
    if !test::debian::is_root() {
        return Ok(Outcome::PassedOver("only root can run lab machines"));
    }
    lab::bring_base().map(|()| Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_not_run() {
        let time = Duration::from_millis(1_250);
        assert_eq!(row("fmt", &Outcome::Passed, time), "fmt          1.2 s  passed");
        assert_eq!(
            row("machines", &Outcome::PassedOver("only root"), time),
            "machines     1.2 s  not run: only root"
        );
    }
}
