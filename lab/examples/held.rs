//! Brings up one machine, says so, and holds it until its input ends: something to be killed by the tests.
#![allow(clippy::print_stdout, reason = "an example talks to who runs it")]

use std::io::Read as _;

fn main() -> anyhow::Result<()> {
    let lab = nixi_lab::Lab::up(&["held"])?;
    println!("{}", lab.folder().display());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
