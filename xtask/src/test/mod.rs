//! `cargo xtask test`: every test that this machine can run, and plain words about what it cannot.

mod count;
pub(crate) mod debian;
mod doc;
mod level;
mod llmock;
mod nextest;

use anyhow::{Result, bail};

use count::Count;
use level::Level;

use crate::lab;

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
    let first = tests.run(Level::Anywhere)?;
    let second =
        if missing.iter().any(|name| name == "sshd") { None } else { Some(tests.run(Level::Loopback)?) };
    // The machines' file tree is built before the tests, which would run into their time-out over it.
    let third = lab::bring_base().and_then(|()| tests.run(Level::Lab));
    if let Err(error) = &third {
        loud(&format!("no lab machines: {error:#}"));
    }
    let docs = if args.is_empty() { Some(doc::run()?) } else { None };

    println!();
    println!("level 1 (anywhere): {}", told(first, &[]));
    match docs {
        Some(docs) => println!("level 1 (doc tests): {}", told(docs, &[])),
        None => println!("level 1 (doc tests): left out, since arguments were given"),
    }
    match second {
        Some(second) => println!("level 2 (sshd on loopback): {}", told(second, &missing)),
        None => println!("level 2 (sshd on loopback): could not run: openssh-server is not installed"),
    }
    match &third {
        Ok(third) => println!("level 3 (lab machines): {}", told(*third, &[])),
        Err(error) => println!("level 3 (lab machines): could not run: {}", first_line(error)),
    }
    let all: Count = [Some(first), second, third.as_ref().ok().copied(), docs].into_iter().flatten().sum();
    println!("{all}");
    if !all.is_good() {
        bail!("tests failed");
    }
    if all.ran() == 0 {
        bail!("no test ran");
    }
    // Where machines can run, a gate without them is none.
    if let (Err(error), true) = (third, std::env::var_os("CI").is_some() && debian::is_root()) {
        return Err(error.context("CI as root runs the tests on lab machines"));
    }
    Ok(())
}

fn first_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

fn told(count: Count, missing: &[String]) -> String {
    match (count.ran(), missing) {
        (0, _) if count.broken => "could not run: see above".to_owned(),
        (ran, []) => format!("ran {ran}"),
        (ran, missing) => {
            format!("ran {ran}, without those that need {} (not installed)", missing.join(", "))
        }
    }
}

/// What nobody may overlook.
fn loud(what: &str) {
    eprintln!("\n!!! {what}\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_did_not_run_never_says_that_it_ran() {
        let built_nothing = Count { broken: true, ..Count::default() };
        assert_eq!(told(built_nothing, &[]), "could not run: see above");
        let count = Count { passed: 3, failed: 1, broken: true };
        assert_eq!(told(count, &[]), "ran 4");
        assert_eq!(
            told(count, &["tmux".to_owned(), "llmock".to_owned()]),
            "ran 4, without those that need tmux, llmock (not installed)"
        );
    }
}
