//! cargo-deny, in one version for everybody: licences, bans and sources of what is depended on.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cache;
use crate::checkout::root;
use crate::program::{cargo, find, output_of, program, run as run_program};

/// Another version may judge otherwise.
const VERSION: &str = "0.20.2";

/// Checks all but the advisories, whose database is not on crates.io.
pub(crate) fn run() -> Result<()> {
    let deny = bring().context("cargo-deny could not be brought")?;
    run_program(
        program(&deny.to_string_lossy()).args(["check", "bans", "licenses", "sources"]).current_dir(root()?),
    )
}

/// The program: the one on PATH if it is this version, else one in the user's cache; built there on the first call.
fn bring() -> Result<PathBuf> {
    if let Some(found) = find("cargo-deny").filter(|found| is_wanted(found)) {
        return Ok(found);
    }
    let kept = cache::folder()?.join("tools").join(format!("cargo-deny-{VERSION}"));
    let built = kept.join("bin/cargo-deny");
    if is_wanted(&built) {
        return Ok(built);
    }
    cache::may_install()?;
    // Unoptimised: it reads a few files, and is built in a third of the time.
    let install = ["install", "cargo-deny", "--locked", "--debug", "--force", "--version", VERSION, "--root"];
    run_program(cargo(&install).arg(&kept))?;
    if !is_wanted(&built) {
        bail!("{} is not cargo-deny {VERSION}", built.display());
    }
    Ok(built)
}

fn is_wanted(deny: &Path) -> bool {
    deny.is_file()
        && output_of(program(&deny.to_string_lossy()).arg("--version")).is_ok_and(|told| is_version(&told))
}

fn is_version(told: &str) -> bool {
    told.trim() == format!("cargo-deny {VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_version_counts() {
        assert!(is_version(&format!("cargo-deny {VERSION}\n")));
        assert!(!is_version(&format!("cargo-deny {VERSION}1\n")) && !is_version("cargo-deny 0.1.0\n"));
        assert!(!is_wanted(Path::new("/no-such-folder/cargo-deny")));
        assert!(!is_wanted(Path::new("/bin/sh")));
    }
}
