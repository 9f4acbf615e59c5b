//! The programs that tests need from the system, brought with apt where this user may.

use std::path::Path;
use std::process::Command;

use super::{Missing, loud};
use crate::program::{answers, find, output_of, program, run};

struct Need {
    /// As it is printed.
    name: &'static str,
    package: &'static str,
    is_here: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { name: "sshd", package: "openssh-server", is_here: || find("sshd").is_some() },
    Need { name: "sudo", package: "sudo", is_here: || find("sudo").is_some() },
    Need { name: "tmux", package: "tmux", is_here: || find("tmux").is_some() },
    Need {
        name: "python3-venv",
        package: "python3-venv",
        is_here: || answers(program("python3").args(["-c", "import ensurepip, venv"])),
    },
];

/// Brings what is missing, if it may; what is still missing then, it says and returns.
pub(crate) fn bring() -> Missing {
    let absent = || NEEDS.iter().filter(|need| !(need.is_here)()).collect::<Vec<_>>();
    let mut missing = absent();
    if missing.is_empty() {
        return Missing::new();
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    match may_install() {
        Ok(()) => {
            loud(&format!("installing for the tests: {}", packages.join(" ")));
            if let Err(error) = install(&packages) {
                loud(&format!("apt-get: {error:#}"));
            }
            missing = absent();
        }
        Err(why) => loud(&format!("not installing {}: {why}", packages.join(" "))),
    }
    for need in &missing {
        loud(&format!(
            "{} is missing (Debian package {}): the tests that need it cannot run",
            need.name, need.package
        ));
    }
    missing.iter().map(|need| need.name.to_owned()).collect()
}

fn may_install() -> Result<(), &'static str> {
    if std::env::var_os("NIXI_NO_INSTALL").is_some() {
        return Err("NIXI_NO_INSTALL is set");
    }
    if !Path::new("/etc/debian_version").exists() || find("apt-get").is_none() {
        return Err("this is no Debian");
    }
    match output_of(program("id").arg("-u")) {
        Ok(uid) if uid.trim() == "0" => Ok(()),
        _ => Err("only root may"),
    }
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    run(apt().arg("update"))?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

/// Asks nothing, and starts no service of a package: the tests start an sshd of their own.
fn apt() -> Command {
    let mut apt = program("apt-get");
    apt.arg("-q").envs([("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1"), ("SYSTEMD_OFFLINE", "1")]);
    apt
}
