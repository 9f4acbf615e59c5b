//! Running things inside a machine, as root, past its sshd: what a test looks with and prepares with.

use std::fmt;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use super::machine::Machine;
use super::world::nsenter;

/// The environment of root's shell on NixOS.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("PATH", "/run/wrappers/bin:/run/current-system/sw/bin"),
    ("HOME", "/root"),
    ("USER", "root"),
    ("LC_ALL", "C.UTF-8"),
    (
        "NIX_PATH",
        "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos:nixos-config=/etc/nixos/configuration.nix:\
         /nix/var/nix/profiles/per-user/root/channels",
    ),
];

/// How a script ended, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The exit code; 128+n if signal n ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Said {
    fn from(output: &Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let signal = output.status.signal().map_or(-1, |signal| 128 + signal);
        Self {
            code: output.status.code().unwrap_or(signal),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}\n{}{}", self.code, self.stdout, self.stderr)
    }
}

impl Machine {
    /// Runs a script of the POSIX shell as root, whether sshd runs or not.
    ///
    /// # Errors
    /// If the machine is off, or has not come far enough in its boot to run anything.
    pub fn try_root(&self, script: &str) -> Result<Said> {
        let output =
            self.shell(script)?.output().context("cannot start nsenter (Debian package util-linux)")?;
        Ok(Said::from(&output))
    }

    /// As [`Self::try_root`], for what must end well: its standard output, without the last line's end.
    ///
    /// # Errors
    /// If the script fails; the error holds what it said.
    pub fn root(&self, script: &str) -> Result<String> {
        let said = self.try_root(script)?;
        if said.code != 0 {
            bail!("on {}: `{script}`: {said}", self.name());
        }
        Ok(said.stdout.trim_end_matches('\n').to_owned())
    }

    /// The command of [`Self::try_root`], to be started in the caller's own way.
    ///
    /// # Errors
    /// If the machine is off.
    pub fn shell(&self, script: &str) -> Result<Command> {
        let first = self.first_process()?;
        let mut command = nsenter();
        command.args(["--target", &first.to_string(), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]);
        command.args(["/usr/bin/env", "-i"]).args(ENVIRONMENT.map(|(name, value)| format!("{name}={value}")));
        command.args(["/bin/sh", "-c", script]);
        command.process_group(0);
        Ok(command)
    }

    /// Writes a file inside, over what is there, or makes it with the folders above it; also while it is off.
    ///
    /// # Errors
    /// If the machine's disk is full or the file cannot be written.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let mut command = self.on_disk("mkdir -p \"${1%/*}\" && cat >\"$1\"")?;
        let mut child = command.arg(path).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let sent = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
        let output = child.wait_with_output()?;
        if sent.is_none_or(|sent| sent.is_err()) || !output.status.success() {
            bail!(
                "cannot write {path} on {}: {}",
                self.name(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// Reads a file inside; also while it is off.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(&self, path: &str) -> Result<String> {
        let output = self.on_disk("cat \"$1\"")?.arg(path).output()?;
        if !output.status.success() {
            bail!(
                "cannot read {path} on {}: {}",
                self.name(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A script whose `$1` comes next, with the machine's disk as `/`. Never by a path from outside: a link in it
    /// would lead to this machine's own files.
    pub(super) fn on_disk(&self, script: &str) -> Result<Command> {
        let mut command = if self.is_on() {
            self.shell(script)?
        } else {
            let mut command = self.world().command("chroot");
            command.arg(self.disk()).args(["/bin/sh", "-c", script]);
            command
        };
        command.arg("sh");
        Ok(command)
    }
}
