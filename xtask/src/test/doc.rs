//! The examples in the documents, which nextest does not run.

use anyhow::{Context as _, Result};

use super::count::Count;
use crate::checkout::root;
use crate::program::cargo;

pub(crate) fn run() -> Result<Count> {
    eprintln!("$ cargo test --doc --workspace");
    let mut command = cargo(&["test", "--doc", "--workspace", "--quiet"]);
    let output = command.current_dir(root()?).output().context("cannot start cargo test")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let count = Count { broken: !output.status.success(), ..Count::from_libtest(&printed) };
    if !count.is_good() {
        eprintln!("{printed}{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(count)
}
