//! `cargo xtask ci`: all checks, one after the other, with a table of times.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::checkout::root;
use crate::program::{answers, cargo, run as run_program};
use crate::{lab, test, tidy};

enum Outcome {
    Passed,
    Failed,
    PassedOver(&'static str),
}

type Check = fn() -> Result<Outcome>;

const CHECKS: &[(&str, Check)] = &[
    ("fmt", || passes(&["fmt", "--all", "--check"], &[])),
    ("clippy", || passes(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])),
    ("tidy", || tidy::run().map(|()| Outcome::Passed)),
    ("build", || passes(&["test", "--workspace", "--all-targets", "--no-run"], &[])),
    ("machines", machines),
    ("test", || test::run(&[]).map(|()| Outcome::Passed)),
    ("doc", || passes(&["doc", "--workspace", "--no-deps", "--lib"], &[("RUSTDOCFLAGS", "-D warnings")])),
    ("deny", deny),
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

/// The tree of the lab machines, so that a first run's time is told apart from the tests' own.
fn machines() -> Result<Outcome> {
    if !test::debian::is_root() {
        return Ok(Outcome::PassedOver("only root can run lab machines"));
    }
    lab::bring_base().map(|()| Outcome::Passed)
}

fn deny() -> Result<Outcome> {
    if !answers(&mut cargo(&["deny", "--version"])) {
        return Ok(Outcome::PassedOver("cargo-deny is not installed (cargo install cargo-deny --locked)"));
    }
    passes(&["deny", "check", "bans", "licenses", "sources"], &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_not_run() {
        let time = Duration::from_millis(1_250);
        assert_eq!(row("fmt", &Outcome::Passed, time), "fmt          1.2 s  passed");
        assert_eq!(
            row("deny", &Outcome::PassedOver("no cargo-deny"), time),
            "deny         1.2 s  not run: no cargo-deny"
        );
    }
}
