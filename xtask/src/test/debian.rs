//! The programs that tests need from the system, brought with apt where this user may.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::{Missing, loud};
use crate::program::{answers, find, output_of, program, run};

/// What a level of tests, or a chore, cannot do without.
struct Need {
    /// As it is printed.
    name: &'static str,
    package: &'static str,
    is_here: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { name: "sshd", package: "openssh-server", is_here: || find("sshd").is_some() },
    Need { name: "sudo", package: "sudo", is_here: || find("sudo").is_some() },
    // Login shells: one that Nixi takes, and one that it has to refuse.
    Need { name: "zsh", package: "zsh", is_here: || find("zsh").is_some() },
    Need { name: "fish", package: "fish", is_here: || find("fish").is_some() },
    // A clock that jumps.
    Need { name: "libfaketime", package: "libfaketime", is_here: has_faketime },
    Need { name: "tmux", package: "tmux", is_here: || find("tmux").is_some() },
    Need {
        name: "python3-venv",
        package: "python3-venv",
        is_here: || answers(program("python3").args(["-c", "import ensurepip, venv"])),
    },
];

/// What whole machines need.
const MACHINE_NEEDS: &[Need] = &[
    Need {
        name: "systemd-nspawn",
        package: "systemd-container",
        is_here: || find("systemd-nspawn").is_some(),
    },
    Need { name: "debootstrap", package: "debootstrap", is_here: || find("debootstrap").is_some() },
    Need { name: "ip", package: "iproute2", is_here: || find("ip").is_some() },
    Need { name: "ssh-keygen", package: "openssh-client", is_here: || find("ssh-keygen").is_some() },
];

fn has_faketime() -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).any(|library| library.exists())
}

/// Brings what is missing for tests, if it may; what is still missing then, it says and returns.
pub(crate) fn bring() -> Missing {
    bring_all(NEEDS)
}

/// Brings what whole machines need.
pub(crate) fn bring_for_machines() -> Result<()> {
    if !is_root() {
        bail!("only root can run lab machines");
    }
    match bring_all(MACHINE_NEEDS).as_slice() {
        [] => Ok(()),
        missing => bail!("lab machines need {}", missing.join(", ")),
    }
}

fn bring_all(needs: &[Need]) -> Missing {
    let absent = || needs.iter().filter(|need| !(need.is_here)()).collect::<Vec<_>>();
    let mut missing = absent();
    if missing.is_empty() {
        return Missing::new();
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    match may_install() {
        Ok(()) => {
            loud(&format!("installing {}", packages.join(" ")));
            if let Err(error) = install(&packages) {
                loud(&format!("apt-get: {error:#}"));
            }
            missing = absent();
        }
        Err(why) => loud(&format!("not installing {}: {why}", packages.join(" "))),
    }
    for need in &missing {
        loud(&format!(
            "{} is missing (Debian package {}): what needs it cannot run",
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
    if is_root() { Ok(()) } else { Err("only root may") }
}

pub(crate) fn is_root() -> bool {
    output_of(program("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

fn install(packages: &[&str]) -> Result<()> {
    run(apt().arg("update"))?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

/// Asks nothing, and starts no service of a package: the tests start an sshd of their own.
fn apt() -> Command {
    let mut apt = program("apt-get");
    apt.arg("-q").envs([("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1"), ("SYSTEMD_OFFLINE", "1")]);
    apt
}
