//! `cargo xtask bench`: Nixi beside its peers, for docs/benchmarks.md.
//!
//! The measuring is a crate in a workspace of its own (benches/): its peers are no dependencies of the product. Here the peers
//! are brought, everything is built, and it is started.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::checkout::{metadata, root};
use crate::program::{cargo, program, run as run_program};
use crate::venv;

/// The newest that run on Python 3.11.
const PEERS: &[&str] =
    &["ClusterShell==1.10.1", "parallel-ssh==2.16.0.post1", "pyinfra==3.10.0", "ansible-core==2.19.14"];

/// What of the command line is for this chore, and what for the program that measures.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    release: bool,
    write: bool,
    passed_on: Vec<String>,
}

impl Wish {
    /// All benches write the page; some only if told, and a smoke run, whose figures mean nothing, never.
    fn of(args: &[String]) -> Self {
        let has = |flag: &str| args.iter().any(|arg| arg == flag);
        let mut named = false;
        let mut value = false;
        for arg in args {
            named |= !value && !arg.starts_with('-');
            value = arg == "--soak";
        }
        Self {
            release: !has("--smoke"),
            write: !has("--smoke") && (has("--write") || !named),
            passed_on: args.iter().filter(|arg| *arg != "--write").cloned().collect(),
        }
    }
}

/// Runs the benches that are named, or all: `[NAME…] [--write] [--soak COMMANDS] [--smoke]`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (root, wish) = (root()?, Wish::of(args));
    let target = metadata()?.target_directory;
    let profile: &[&str] = if wish.release { &["--release"] } else { &[] };
    run_program(cargo(&["build", "--package", "nixi-cli"]).args(profile).current_dir(&root))?;
    run_program(in_benches(&["build"], &target).args(profile).current_dir(&root))?;
    let built = target.join(if wish.release { "release" } else { "debug" });
    let peers = venv::bring("bench-venv", PEERS).unwrap_or_else(|error| {
        eprintln!("the peers from PyPI are not measured: {error:#}");
        Path::new("/nowhere").to_owned()
    });
    let mut bench = program(&built.join("nixi-bench").to_string_lossy());
    bench.args(&wish.passed_on).arg("--peers").arg(peers).arg("--nixi").arg(built.join("nixi"));
    if wish.write {
        bench.arg("--page").arg(root.join("docs/benchmarks.md"));
    }
    run_program(bench.current_dir(&root)).context("some figures are missing")
}

/// A command of cargo for the crate that measures. It shares the workspace's builds of the crates that both need.
pub(crate) fn in_benches(args: &[&str], target: &Path) -> std::process::Command {
    let (command, rest) = args.split_at(args.len().min(1));
    let mut cargo = cargo(command);
    cargo.args(["--locked", "--manifest-path", "benches/Cargo.toml", "--target-dir"]).arg(target).args(rest);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(args: &[&str]) -> Wish {
        Wish::of(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_a_whole_run_writes_the_page_by_itself() {
        assert!(wish(&[]).write && wish(&["--soak", "100000"]).write && wish(&["latency", "--write"]).write);
        assert!(
            !wish(&["latency"]).write && !wish(&["--smoke"]).write && !wish(&["--smoke", "--write"]).write
        );
    }

    #[test]
    fn the_rest_is_passed_on() {
        assert_eq!(wish(&["bulk", "--write", "--soak", "5"]).passed_on, ["bulk", "--soak", "5"]);
        assert!(wish(&["bulk"]).release && !wish(&["--smoke"]).release);
    }
}
