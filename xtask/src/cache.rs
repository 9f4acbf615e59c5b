//! What chores keep between runs, outside of the checkout.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::checkout::metadata;

/// The user's cache; without one, a place that `cargo clean` clears.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache"))) {
        Some(cache) => Ok(cache.join("nixi")),
        None => Ok(metadata()?.target_directory.join("xtask")),
    }
}

/// Refuses where the person forbade that anything is brought.
pub(crate) fn may_install() -> Result<()> {
    match std::env::var_os("NIXI_NO_INSTALL") {
        Some(_) => bail!("NIXI_NO_INSTALL is set"),
        None => Ok(()),
    }
}
