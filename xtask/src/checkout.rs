//! Where the workspace is, and where its builds go.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::program::{cargo, output_of};

/// The folder that holds the workspace's Cargo.toml.
pub(crate) fn root() -> Result<PathBuf> {
    // `cargo run` says where it found this package; a program that was started by hand knows where it was built.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&here).parent().context("the workspace has no folder")?;
    if !root.join("Cargo.lock").is_file() {
        bail!("no workspace in {}; run this as `cargo xtask`", root.display());
    }
    Ok(root.to_owned())
}

/// What `cargo metadata --no-deps` says, as far as the chores need it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a member asks for. `kind` is absent for a normal dependency, else `dev` or `build`.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
}

/// Asks cargo about the workspace, without the network.
pub(crate) fn metadata() -> Result<Metadata> {
    metadata_of("Cargo.toml")
}

/// Asks cargo about the workspace of this manifest, whose path begins at the root.
pub(crate) fn metadata_of(manifest: &str) -> Result<Metadata> {
    let mut ask = cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"]);
    ask.arg(manifest);
    let told = output_of(ask.current_dir(root()?))?;
    serde_json::from_str(&told).context("cannot read what cargo metadata printed")
}
