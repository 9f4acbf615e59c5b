//! `cargo xtask lab demo`: the nodes of the documentation, as real machines.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use nixi_lab::{Image, Machine, MachineSpec, StandingLab, Variant};

use super::{base, owner, standing};
use crate::checkout::{metadata, root};
use crate::program::{cargo, program, run as run_program};
use crate::say::say;

/// A node, as it is in the documentation.
struct Node {
    name: &'static str,
    mode: &'static str,
    /// Lines of its configuration.
    options: &'static str,
    containers: &'static [(&'static str, Image, &'static str)],
}

const NODES: [Node; 3] = [
    Node {
        name: "web-server",
        mode: "managed",
        options: NGINX,
        containers: &[("web", Image::WebServer, "-p 8080:8080"), ("cache", Image::Sleeper, "")],
    },
    Node {
        name: "db-server",
        mode: "managed",
        options: "",
        containers: &[("database", Image::Database, "-v data:/var/lib/data")],
    },
    Node { name: "monitoring", mode: "monitored", options: "", containers: &[] },
];

/// There is no nginx on a lab machine; this has its name, and can be reloaded.
const NGINX: &str = r#"
  systemd.services.nginx = {
    description = "a stand-in for nginx";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      ExecStart = "/bin/sh -c 'echo ready; exec sleep infinity'";
      ExecReload = "/bin/sh -c 'echo reloaded'";
    };
  };
"#;

pub(crate) fn run(name: &str) -> Result<()> {
    let old = StandingLab::find(name);
    if let Some(old) = &old {
        ensure!(
            config(&old.folder()).exists() && old.owner() == owner()?,
            "a lab named {name} is up, and no demo of this checkout: `cargo xtask lab down {name}` takes it down"
        );
    }
    base::bring_variant(Variant::Plain)?;
    run_program(cargo(&["build", "--package", "nixi-cli"]).current_dir(root()?))?;
    old.map_or(Ok(()), super::take_down)?;
    let specs = NODES.map(|node| MachineSpec::new(node.name).options(node.options));
    let lab = standing(name, specs.into())?;
    fill(lab.machines())?;
    let mode = |machine: &Machine| {
        NODES.iter().find(|node| node.name == machine.name()).map_or("monitored", |node| node.mode)
    };
    let home = home(&lab.folder());
    fs::create_dir_all(home.join(".config/nixi")).context("cannot make the home of the demo")?;
    fs::create_dir_all(home.join(".ssh"))?;
    fs::write(config(&lab.folder()), lab.config(mode)).context("cannot write the demo's configuration")?;

    say(format_args!(
        "\nthree machines are up, and {} is the home of a user who knows them:\n",
        home.display()
    ))?;
    nodes(&home)?;
    say("\nwith monitoring switched off:\n")?;
    lab.machine("monitoring").power_off()?;
    nodes(&home)?;
    lab.machine("monitoring").power_on()?;
    lab.machine("monitoring").wait_for_ssh()?;

    say("\nit is on again. Try more, and take them down when done:\n")?;
    let nixi = command(&home)?;
    for request in ["show me system info for web-server", "list containers on web-server"] {
        say(format_args!("  {nixi} \"{request}\""))?;
    }
    say(format_args!("  cargo xtask lab down {name}"))
}

fn home(lab: &Path) -> PathBuf {
    lab.join("home")
}

/// What a lab has that a demo made.
fn config(lab: &Path) -> PathBuf {
    home(lab).join(".config/nixi/config.toml")
}

/// Starts the containers, on all machines at once.
fn fill(machines: &[Machine]) -> Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            machines.iter().map(|machine| scope.spawn(|| start_containers(machine))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| bail!("a thread of the demo panicked")))
    })
}

fn start_containers(machine: &Machine) -> Result<()> {
    let node = NODES.iter().find(|node| node.name == machine.name());
    for (name, image, options) in node.map_or(&[][..], |node| node.containers) {
        machine.import(*image)?;
        machine.root(&format!("podman run --detach --name {name} {options} {}", image.name()))?;
    }
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
