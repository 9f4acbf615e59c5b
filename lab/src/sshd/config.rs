//! What a test may ask of its sshd.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::Sshd;
use crate::keys::KeyKind;

/// Collects what a test asks for.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is started"]
pub struct SshdBuilder {
    pub(super) host_keys: Vec<KeyKind>,
    pub(super) record: bool,
    pub(super) any_address: bool,
    pub(super) rc: String,
    pub(super) login_shell: Option<String>,
    extra: Vec<String>,
}

impl Default for SshdBuilder {
    fn default() -> Self {
        Self {
            host_keys: vec![KeyKind::Ed25519],
            record: false,
            any_address: false,
            rc: String::new(),
            login_shell: None,
            extra: Vec::new(),
        }
    }
}

impl SshdBuilder {
    /// The types of host key it offers; Ed25519 alone unless told.
    pub fn host_keys(mut self, kinds: &[KeyKind]) -> Self {
        self.host_keys = kinds.to_vec();
        self
    }

    /// A line of sshd_config(5) that comes before the harness's own, so that it wins: `MaxSessions 1`.
    pub fn line(mut self, line: &str) -> Self {
        self.extra.push(line.to_owned());
        self
    }

    /// Every session runs this instead of what the client asked for.
    pub fn force_command(self, command: &str) -> Self {
        self.line(&format!("ForceCommand {command}"))
    }

    /// Writes down every command line that a client sends; see [`Sshd::commands`].
    pub fn record_commands(mut self) -> Self {
        self.record = true;
        self
    }

    /// Answers on every address of 127.0.0.0/8, each of which is a host of its own for a client. The port is then
    /// open on the machine's other addresses too; only the test's key opens it.
    pub fn every_loopback_address(mut self) -> Self {
        self.any_address = true;
        self
    }

    /// What the login shell reads before each command (bash as the login shell only).
    pub fn shell_rc(mut self, script: &str) -> Self {
        script.clone_into(&mut self.rc);
        self
    }

    /// The user's login shell, in place of the one in the user database. It needs root: the sshd then runs in a mount
    /// namespace of its own, over a database of its own; the machine's is not touched.
    pub fn login_shell(mut self, path: &str) -> Self {
        self.login_shell = Some(path.to_owned());
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// If sshd is not installed, or refuses to start.
    pub fn start(self) -> Result<Sshd> {
        Sshd::start_with(self)
    }

    pub(super) fn render(&self, dir: &Path, port: u16) -> String {
        let mut config: String = self.extra.iter().map(|line| format!("{line}\n")).collect();
        let at = |name: &str| dir.join(name).display().to_string();
        for kind in &self.host_keys {
            let _ = writeln!(config, "HostKey {}", at(&format!("host_{}", kind.file_name())));
        }
        let addresses: &[&str] = if self.any_address {
            &["0.0.0.0"]
        } else {
            &["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"]
        };
        for address in addresses {
            let _ = writeln!(config, "ListenAddress {address}");
        }
        if self.record {
            let _ = writeln!(config, "ForceCommand {}", at("record"));
        }
        // Of this one, sshd takes the last value and not the first.
        if !self.extra.iter().any(|line| line.starts_with("MaxStartups ")) {
            config.push_str("MaxStartups 2000\n");
        }
        let _ = write!(
            config,
            "Port {port}\nAuthorizedKeysFile {keys}\nPidFile none\nLogLevel VERBOSE\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPermitUserRC no\n\
             PrintMotd no\nUseDNS no\nMaxAuthTries 20\n\
             SetEnv HOME={home} PATH={stubs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n",
            keys = at("authorized_keys"),
            home = at("home"),
            stubs = at("stubs"),
        );
        config
    }
}
