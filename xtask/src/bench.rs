//! `cargo xtask bench`: measurements that go into the documents.

use anyhow::{Result, bail};

use crate::checkout::root;
use crate::program::{cargo, run as run_program};

/// Runs the bench that is named first; what follows is the bench's own.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some((bench, rest)) = args.split_first() else {
        bail!("which one? There is: latency");
    };
    match bench.as_str() {
        "latency" => run_program(
            cargo(&["bench", "-p", "nixi", "--bench", "latency", "--"]).args(rest).current_dir(root()?),
        ),
        other => bail!("no such bench: {other}. There is: latency"),
    }
}
