//! The chores of the workspace: `cargo xtask` lists them.
//!
//! This file only dispatches; a chore is a file of its own.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who runs it; no library is in here"
)]

mod bench;
mod cache;
mod checkout;
mod ci;
mod deny;
mod fuzz;
mod lab;
mod program;
mod say;
mod soak;
mod test;
mod tidy;
mod venv;

use std::process::ExitCode;

use say::{say, tell};

const CHORES: &str = "\
chores of this workspace (cargo xtask CHORE):

  tidy            what the compiler does not check: dependencies, file length, links, leftovers
  test [ARGS]     every test that this machine can run; ARGS go to nextest
  lab up [N|NAME...] · down · status · demo
                  whole machines that look like NixOS, for trying things by hand
  bench [NAME...] nixi beside its peers: latency, throughput, cold, warm, far, bulk, blackholed, memory, rebuild;
                  all of them write docs/benchmarks.md, some do with --write; --soak COMMANDS, --smoke
  soak [CASES]    every test for long: so many cases a property (20000 unless told); then fuzz, 10 minutes a target
  fuzz [SECONDS] [TARGET...]
                  the targets of fuzz/, guided by coverage, for so long each (60 unless told)
  ci              fmt, clippy, tidy, fuzz, benches, test, doc, deny; with a table of times
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let chore = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let done = match chore.as_str() {
        "" | "help" | "-h" | "--help" => say(CHORES.trim_end()),
        "tidy" => tidy::run(),
        "test" => test::run(&rest),
        "lab" => lab::run(&rest),
        "bench" => bench::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "soak" => soak::run(&rest),
        "ci" => ci::run(),
        _ => {
            tell(format_args!("no such chore: {chore}\n\n{}", CHORES.trim_end()));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("xtask {chore}: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
