//! `cargo xtask test`: every test that this machine can run, and plain words about what it cannot.

mod count;
mod debian;
mod doc;
mod level;
mod llmock;
mod nextest;

use anyhow::{Result, bail};

use count::Count;
use level::Level;

/// What the tests need beyond the toolchain and is not here; tests read it from NIXI_WITHOUT.
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

    let mut tests = nextest::Tests::new(args, &missing, llmock.ok())?;
    let first = tests.run(Level::Anywhere)?;
    let second =
        if missing.iter().any(|name| name == "sshd") { None } else { Some(tests.run(Level::Loopback)?) };
    let docs = if args.is_empty() { Some(doc::run()?) } else { None };

    println!();
    match &docs {
        Some(docs) => println!("level 1 (anywhere): ran {}, and {} doc tests", first.ran(), docs.ran()),
        None => println!(
            "level 1 (anywhere): ran {}; doc tests left out, since arguments were given",
            first.ran()
        ),
    }
    match &second {
        None => println!("level 2 (sshd on loopback): could not run: openssh-server is not installed"),
        Some(count) if missing.is_empty() => println!("level 2 (sshd on loopback): ran {}", count.ran()),
        Some(count) => println!(
            "level 2 (sshd on loopback): ran {}; tests that need {} could not run: not installed",
            count.ran(),
            missing.join(", ")
        ),
    }
    println!("level 3 (lab machines): not built yet");
    let all: Count = [Some(first), second, docs].into_iter().flatten().sum();
    println!("{all}");
    if !all.is_good() {
        bail!("tests failed");
    }
    if all.ran() == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// What nobody may overlook.
fn loud(what: &str) {
    eprintln!("\n!!! {what}\n");
}
