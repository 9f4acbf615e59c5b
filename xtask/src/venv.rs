//! Programs from PyPI, in virtual environments in the user's cache.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cache;
use crate::program::{output_of, program};

/// The `bin` folder of an environment of this name with exactly these packages (`name==version`); made on the first
/// call.
pub(crate) fn bring(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let venv = cache::folder()?.join(name);
    // Written last, so one that was interrupted, or holds other versions, is made again.
    let (stamp, wanted) = (venv.join("complete"), packages.join("\n"));
    if std::fs::read_to_string(&stamp).is_ok_and(|has| has == wanted) {
        return Ok(venv.join("bin"));
    }
    cache::may_install()?;
    eprintln!("installing {}", packages.join(", "));
    make(&venv, packages)?;
    std::fs::write(&stamp, wanted).context("cannot write the stamp of the venv")?;
    Ok(venv.join("bin"))
}

fn make(venv: &Path, packages: &[&str]) -> Result<()> {
    if venv.exists() {
        std::fs::remove_dir_all(venv).context("cannot remove the old venv")?;
    }
    std::fs::create_dir_all(venv).context("cannot make the venv's folder")?;
    output_of(program("python3").args(["-m", "venv"]).arg(venv))?;
    let pip = venv.join("bin/pip");
    output_of(program(&pip.to_string_lossy()).args(["install", "--quiet"]).args(packages))?;
    Ok(())
}
