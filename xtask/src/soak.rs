//! `cargo xtask soak`: the property tests for longer than a person waits.

use anyhow::{Context as _, Result};

use crate::checkout::root;
use crate::program::{cargo, run as run_program};

/// Runs every test named `prop_…` or `soak_…` with many cases. Finding no such test is a failure.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let cases: u32 = match args.first() {
        Some(word) => word.parse().with_context(|| format!("not a number of cases: {word}"))?,
        None => 20_000,
    };
    eprintln!("{cases} cases a property");
    run_program(
        cargo(&["nextest", "run", "--workspace", "--profile", "soak", "--no-tests=fail"])
            .args(["-E", "test(/(^|::)(prop|soak)_/)"])
            .env("PROPTEST_CASES", cases.to_string())
            .env("NIXI_SOAK", "1")
            .current_dir(root()?),
    )
}
