//! OpenSSH's own client and agent, to measure and test against.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{Key, Sshd};

const PATIENCE: Duration = Duration::from_secs(30);

/// A live OpenSSH master connection, which `ssh -S` clients share.
#[derive(Debug)]
pub struct ControlMaster {
    socket: PathBuf,
    destination: String,
    child: Child,
}

impl ControlMaster {
    /// Connects to an sshd of the lab.
    ///
    /// # Errors
    /// If ssh is missing, or does not come up.
    pub fn connect(sshd: &Sshd) -> Result<Self> {
        let socket = sshd.dir().join("mux");
        let destination = format!("{}@{}", sshd.user(), sshd.host());
        let child = Command::new("ssh")
            .args(["-F", "/dev/null", "-N", "-M", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"])
            .args([
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "LogLevel=ERROR",
                "-S",
            ])
            .arg(&socket)
            .arg("-i")
            .arg(sshd.identity())
            .args(["-p", &sshd.port().to_string(), &destination])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("failed to start ssh; the lab needs Debian's `openssh-client`")?;
        let mut master = Self { socket, destination, child };
        let begun = Instant::now();
        while !master.socket.exists() {
            ensure!(master.child.try_wait()?.is_none(), "the ssh master ended before it was up");
            ensure!(begun.elapsed() < PATIENCE, "the ssh master did not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(master)
    }

    /// An `ssh -S` client for one command line, ready to be run.
    #[must_use]
    pub fn command(&self, line: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "/dev/null", "-o", "BatchMode=yes", "-S"])
            .arg(&self.socket)
            .args([self.destination.as_str(), line])
            .stdin(Stdio::null());
        ssh
    }
}

impl Drop for ControlMaster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An ssh-agent of the test's own.
#[derive(Debug)]
pub struct Agent {
    socket: PathBuf,
    child: Child,
}

impl Agent {
    /// Starts one with its socket in this folder.
    ///
    /// # Errors
    /// If ssh-agent is missing, or does not come up.
    pub fn start(dir: &Path) -> Result<Self> {
        let socket = dir.join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("failed to start ssh-agent; the lab needs Debian's `openssh-client`")?;
        let agent = Self { socket, child };
        let begun = Instant::now();
        while !agent.socket.exists() {
            if begun.elapsed() > PATIENCE {
                bail!("ssh-agent did not come up");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(agent)
    }

    /// Gives it an unencrypted key.
    ///
    /// # Errors
    /// If ssh-add refuses.
    pub fn add(&self, key: &Key) -> Result<()> {
        let out =
            Command::new("ssh-add").arg("-q").arg(key.path()).env("SSH_AUTH_SOCK", &self.socket).output()?;
        ensure!(out.status.success(), "ssh-add refused: {}", String::from_utf8_lossy(&out.stderr));
        Ok(())
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
