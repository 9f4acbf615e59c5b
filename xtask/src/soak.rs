//! `cargo xtask soak`: the tests for longer than a person waits.

use anyhow::{Context as _, Result};

use crate::checkout::root;
use crate::program::{cargo, run as run_program};
use crate::{lab, test};

/// Runs all tests, each property with many cases.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let cases: u32 = match args.first() {
        Some(word) => word.parse().with_context(|| format!("not a number of cases: {word}"))?,
        None => 20_000,
    };
    eprintln!("{cases} cases a property");
    let mut soak = cargo(&["nextest", "run", "--workspace", "--profile", "soak", "--no-tests=fail"]);
    if let Err(error) = lab::bring_base() {
        test::loud(&format!("the tests on lab machines are left out: {error:#}"));
        soak.arg("-E").arg(test::without_machines());
    }
    run_program(soak.env("PROPTEST_CASES", cases.to_string()).current_dir(root()?))
}
