//! The engine against a real sshd on loopback.

mod anew;
mod ciphers;
mod commands;
mod faults;
mod host_keys;
mod jumps;
mod known_hosts;
mod links;
mod logins;
mod places;
mod shells;
mod ssh_config;
mod streams;

use std::path::PathBuf;
use std::time::Duration;

use nixi_core::{Effect, ExecError, Given, Jump, Output, SshTarget, Unreachable};
use nixi_lab::Sshd;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::actor::{Exec, Opening};
use crate::{SshExecutor, SshOptions};

/// A controller with a home of its own.
struct Controller {
    dir: TempDir,
    options: SshOptions,
    ssh: SshExecutor,
}

impl Controller {
    /// With the key that opens this sshd, and nothing known.
    fn of(sshd: &Sshd) -> Self {
        Self::with(|options| options.identities = vec![sshd.identity().to_path_buf()])
    }

    fn with(change: impl FnOnce(&mut SshOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = SshOptions::of_home(dir.path());
        change(&mut options);
        Self { dir, ssh: SshExecutor::new(options.clone()), options }
    }

    /// The same person after a new start: nothing is connected.
    fn again(self) -> Self {
        Self { ssh: SshExecutor::new(self.options.clone()), ..self }
    }

    fn known_hosts(&self) -> PathBuf {
        self.options.known_hosts.clone()
    }

    fn know(&self, lines: &str) {
        std::fs::create_dir_all(self.dir.path().join("ssh")).unwrap();
        std::fs::write(self.known_hosts(), lines).unwrap();
    }

    async fn read(&self, target: &SshTarget, line: &str) -> Result<Output, ExecError> {
        self.ssh.run(target, None, exec(line), Effect::Read, &CancellationToken::new()).await
    }

    async fn change(&self, target: &SshTarget, line: &str) -> Result<Output, ExecError> {
        self.ssh.run(target, None, exec(line), Effect::Change, &CancellationToken::new()).await
    }

    /// A read that need not wait for the canary.
    async fn read_at_once(&self, target: &SshTarget, line: &str) -> Result<Output, ExecError> {
        self.ssh.run(target, None, at_once(line), Effect::Read, &CancellationToken::new()).await
    }

    /// What `nixi nodes` does.
    async fn reach(&self, target: &SshTarget) -> Result<String, ExecError> {
        let name = "web-server".parse().unwrap();
        let session = self.ssh.find_alive(target, Some(&name), &CancellationToken::new()).await;
        session.map(|session| session.fingerprint().to_string())
    }

    /// What confirms that one can still log in.
    async fn reach_anew(&self, target: &SshTarget) -> Result<String, ExecError> {
        let name = "web-server".parse().unwrap();
        let session = self.ssh.find_anew(target, Some(&name), &CancellationToken::new()).await;
        session.map(|session| session.fingerprint().to_string())
    }
}

fn exec(line: &str) -> Exec {
    Exec::new(line, Duration::from_secs(60), 8 * 1024 * 1024)
}

/// One that need not wait for the canary.
fn at_once(line: &str) -> Exec {
    Exec { opening: Opening::WithCanary, ..exec(line) }
}

fn target(sshd: &Sshd) -> SshTarget {
    at(sshd.port(), sshd.user())
}

fn at(port: u16, user: &str) -> SshTarget {
    SshTarget {
        host: "127.0.0.1".parse().unwrap(),
        port: port.try_into().unwrap(),
        user: user.parse().unwrap(),
        identity: None,
        given: Given::ALL,
        jump: Jump::Unsaid,
    }
}

/// Reason, sentence and hint of an unreachable node.
fn unreachable<T: std::fmt::Debug>(result: Result<T, ExecError>) -> (Unreachable, String, String) {
    let error = result.unwrap_err();
    let ExecError::Unreachable { reason, detail, hint } = error else { panic!("{error:?}") };
    (reason, detail, hint.unwrap_or_default())
}

/// Waits for something that is about to happen on the other side.
pub(crate) async fn until(mut happened: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen");
}
