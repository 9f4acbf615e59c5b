//! llmock, a model server of other people's making, from PyPI into a cached venv.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::checkout::metadata;
use crate::program::{output_of, program};

const VERSION: &str = "0.2.2";

/// The llmock executable; installed on the first call.
pub(crate) fn bring() -> Result<PathBuf> {
    let venv = cache()?.join("venv-llmock");
    let executable = venv.join("bin/llmock");
    // Written last, so a venv that was interrupted is made again.
    let stamp = venv.join(format!("complete-{VERSION}"));
    if stamp.is_file() && executable.is_file() {
        return Ok(executable);
    }
    if std::env::var_os("NIXI_NO_INSTALL").is_some() {
        bail!("NIXI_NO_INSTALL is set");
    }
    eprintln!("installing llmock {VERSION} for the tests");
    make(&venv)?;
    std::fs::write(&stamp, "").context("cannot write the stamp of the venv")?;
    Ok(executable)
}

fn make(venv: &Path) -> Result<()> {
    if venv.exists() {
        std::fs::remove_dir_all(venv).context("cannot remove the old venv")?;
    }
    std::fs::create_dir_all(venv).context("cannot make the venv's folder")?;
    output_of(program("python3").args(["-m", "venv"]).arg(venv))?;
    let pip = venv.join("bin/pip");
    let package = format!("llmock=={VERSION}");
    output_of(program(&pip.to_string_lossy()).args(["install", "--quiet", &package]))?;
    Ok(())
}

/// The user's cache; without one, a place that `cargo clean` clears.
fn cache() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache"))) {
        Some(cache) => Ok(cache.join("nixi")),
        None => Ok(metadata()?.target_directory.join("xtask")),
    }
}
