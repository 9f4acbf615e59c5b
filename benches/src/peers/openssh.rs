//! OpenSSH's client: a new process a command, and processes that share a master's connection.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::ground::Way;

const PATIENCE: Duration = Duration::from_secs(60);

/// `ssh HOST COMMAND`, with the ground's own configuration.
pub(crate) fn ssh(way: &Way, host: &str, command: &str) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(way.ssh_config()).arg(host).arg(command).stdin(Stdio::null());
    ssh
}

/// Runs it; what it printed.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let output = command.output().context("cannot start a peer")?;
    ensure!(
        output.status.success(),
        "{:?} failed: {}",
        command.get_program(),
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A master connection for `ssh -S`.
#[derive(Debug)]
pub(crate) struct Master {
    child: Child,
    socket: PathBuf,
    host: String,
}

impl Master {
    /// Starts it, without waiting.
    pub(crate) fn start(way: &Way, host: &str) -> Result<Self> {
        let socket = way.folder.join(format!("m{host}"));
        let child = Command::new("ssh")
            .arg("-F")
            .arg(way.ssh_config())
            .args(["-N", "-M", "-S"])
            .arg(&socket)
            .arg(host)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("the benches need Debian's `openssh-client`")?;
        Ok(Self { child, socket, host: host.to_owned() })
    }

    /// Waits until it is up.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !self.socket.exists() {
            ensure!(self.child.try_wait()?.is_none(), "a master of ssh ended before it was up");
            ensure!(begun.elapsed() < PATIENCE, "a master of ssh did not come up");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Starts it, and waits until it is up.
    pub(crate) fn connect(way: &Way, host: &str) -> Result<Self> {
        let mut master = Self::start(way, host)?;
        master.wait()?;
        Ok(master)
    }

    /// A client of it.
    pub(crate) fn client(&self, way: &Way, command: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(way.ssh_config()).arg("-S").arg(&self.socket).arg(&self.host).arg(command);
        ssh.stdin(Stdio::null());
        ssh
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
