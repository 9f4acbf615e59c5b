//! `cargo xtask lab demo`: the nodes of the documentation, as real machines.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nixi_lab::StandingLab;

use super::{base, standing};
use crate::checkout::{metadata, root};
use crate::program::{cargo, program, run as run_program};

/// As in the documentation: name and mode.
const NODES: [(&str, &str); 3] =
    [("web-server", "managed"), ("db-server", "managed"), ("monitoring", "monitored")];

pub(crate) fn run(name: &str) -> Result<()> {
    base::bring()?;
    run_program(cargo(&["build", "--package", "nixi-cli"]).current_dir(root()?))?;
    if let Some(old) = StandingLab::find(name) {
        super::take_down(old)?;
    }
    let names = NODES.map(|(name, _)| name.to_owned());
    let lab = standing(name, &names)?;
    let mode =
        |name: &str| NODES.iter().find(|(node, _)| *node == name).map_or("monitored", |(_, mode)| mode);
    let home = lab.folder().join("home");
    fs::create_dir_all(home.join(".config/nixi")).context("cannot make the home of the demo")?;
    fs::create_dir_all(home.join(".ssh"))?;
    fs::write(home.join(".config/nixi/config.toml"), lab.config(|machine| mode(machine.name())))?;

    println!("\nthree machines are up, and {} is the home of a user who knows them:\n", home.display());
    nodes(&home)?;
    println!("\nwith monitoring switched off:\n");
    lab.machine("monitoring").power_off()?;
    nodes(&home)?;
    lab.machine("monitoring").power_on()?;
    lab.machine("monitoring").wait_for_ssh()?;

    println!("\nit is on again. Try more, and take them down when done:\n");
    println!("  {} \"show me system info for web-server\"", command(&home)?);
    println!("  cargo xtask lab down {name}");
    Ok(())
}

/// What would lead nixi to the person's own configuration.
const ELSEWHERE: [&str; 3] = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "NIXI_CONFIG"];

fn nixi() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.join("debug/nixi"))
}

/// The page's table, by the real nixi.
fn nodes(home: &Path) -> Result<()> {
    let mut nodes = program(&nixi()?.to_string_lossy());
    nodes.arg("nodes").env("HOME", home);
    ELSEWHERE.iter().for_each(|name| _ = nodes.env_remove(name));
    run_program(&mut nodes)
}

/// How the same nixi is started by hand. Not by cargo, which may not find itself in this home.
fn command(home: &Path) -> Result<String> {
    let set = ELSEWHERE.iter().filter(|name| std::env::var_os(name).is_some());
    let without: String = set.map(|name| format!("-u {name} ")).collect();
    let env = if without.is_empty() { String::new() } else { format!("env {without}") };
    Ok(format!("{env}HOME={} {}", home.display(), nixi()?.display()))
}
