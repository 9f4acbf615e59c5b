//! This machine's own programs, of which labs are made.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

/// Where they are looked for, by us and by what they start, wherever the PATH of whoever runs the lab leads: programs for
/// root lie apart.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/// What a lab cannot do without, with its Debian package.
const NEEDED: [(&str, &str); 8] = [
    ("bash", "bash"),
    ("chroot", "coreutils"),
    ("find", "findutils"),
    ("ip", "iproute2"),
    ("mount", "mount"),
    ("nsenter", "util-linux"),
    ("ssh-keygen", "openssh-client"),
    ("systemd-nspawn", "systemd-container"),
];

/// What a program is told of the caller's environment: how to reach a mirror. The rest would reach into machines, as
/// a TMPDIR or a NIX_PATH that means nothing there.
const TOLD: [&str; 3] = ["HOME", "APT_CONFIG", "SSL_CERT_FILE"];

/// A program of this machine, with no input.
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let is_told = |name: &str| TOLD.contains(&name) || name.to_ascii_lowercase().ends_with("_proxy");
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_told)));
    command.env("PATH", PATH).stdin(Stdio::null());
    command
}

/// Says which are missing, before anything fails for want of them.
pub(super) fn check() -> Result<()> {
    let missing = missing(PATH);
    ensure!(missing.is_empty(), "lab machines need {}", missing.join(", "));
    Ok(())
}

fn missing(path: &str) -> Vec<String> {
    let is_here = |name: &str| std::env::split_paths(path).any(|folder| folder.join(name).is_file());
    let missing = NEEDED.iter().filter(|(name, _)| !is_here(name));
    missing.map(|(name, package)| format!("{name} (Debian package {package})")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let folder = tempfile::tempdir().unwrap();
        for (name, _) in NEEDED.iter().filter(|(name, _)| *name != "ip") {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let path = format!("/nonexistent:{}", folder.path().display());
        assert_eq!(missing(&path), ["ip (Debian package iproute2)"]);
    }
}
