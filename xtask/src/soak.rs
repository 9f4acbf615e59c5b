//! `cargo xtask soak`: the tests for longer than a person waits, and the fuzzing.

use anyhow::{Context as _, Result};

use crate::checkout::root;
use crate::fuzz;
use crate::program::{cargo, run as run_program};

/// How long each target is fuzzed, in seconds.
const FUZZ: u32 = 600;

/// Runs all tests, each property with many cases; then every fuzz target.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let cases: u32 = match args.first() {
        Some(word) => word.parse().with_context(|| format!("not a number of cases: {word}"))?,
        None => 20_000,
    };
    eprintln!("{cases} cases a property");
    run_program(
        cargo(&["nextest", "run", "--workspace", "--profile", "soak", "--no-tests=fail"])
            .env("PROPTEST_CASES", cases.to_string())
            .current_dir(root()?),
    )?;
    fuzz::each(FUZZ, &[])
}
