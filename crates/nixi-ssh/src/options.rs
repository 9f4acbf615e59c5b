//! What the facade tells the SSH engine.

use std::path::PathBuf;
use std::time::Duration;

/// Which ssh-agent is asked for keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Agent {
    /// The one that `SSH_AUTH_SOCK` names, if there is one.
    Environment,
    /// The one behind this socket.
    Socket(PathBuf),
    /// None.
    Off,
}

/// Who names the file that host keys are recorded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedBy {
    /// Nobody: it is the usual one, which `UserKnownHostsFile` of the SSH configuration replaces.
    Nobody,
    /// Nixi's own configuration: `UserKnownHostsFile` is read beside it.
    Nixi,
}

/// How to connect. The library reads neither the configuration nor the home: all of that comes in here.
#[derive(Debug, Clone)]
pub struct SshOptions {
    /// The limit for name, connection, banner, key exchange and login together; waiting for a place in our own queue
    /// is not counted.
    pub connect_timeout: Duration,
    /// The user's known_hosts: read, and written when a host is seen for the first time.
    pub known_hosts: PathBuf,
    /// Who says that it is that file.
    pub known_hosts_by: NamedBy,
    /// The other file of the user that ssh reads, `~/.ssh/known_hosts2`, unless its configuration names files.
    pub more_known_hosts: Vec<PathBuf>,
    /// More known_hosts files, only read: `/etc/ssh/ssh_known_hosts`.
    pub system_known_hosts: Vec<PathBuf>,
    /// Private keys from the configuration, in order; one that cannot be used is named when the login fails.
    pub identities: Vec<PathBuf>,
    /// Private keys that are tried last if they exist: `~/.ssh/id_ed25519` and the like.
    pub default_identities: Vec<PathBuf>,
    /// The agent; its keys come after the node's own, before the configured ones.
    pub agent: Agent,
    /// The user's own SSH configuration.
    pub ssh_config: SshConfigOptions,
}

/// Where the SSH configuration of the user and of the system is, and what words in it stand for. See `docs/ssh.md` for
/// what of it is honoured.
#[derive(Debug, Clone)]
pub struct SshConfigOptions {
    /// `~/.ssh/config`; it need not be there.
    pub user: Option<PathBuf>,
    /// `/etc/ssh/ssh_config`; it need not be there.
    pub system: Option<PathBuf>,
    /// What `~/` and `%d` stand for.
    pub home: PathBuf,
    /// The user here: `%u`, `Match localuser`, and who logs in to jump hosts that name nobody.
    pub local_user: Option<String>,
    /// A variable of the environment: `${NAME}`.
    pub variable: fn(&str) -> Option<String>,
}

#[cfg(test)]
impl SshOptions {
    /// Of a home with nothing in it that would be used unasked.
    pub(crate) fn of_home(home: &std::path::Path) -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            known_hosts: home.join("ssh/known_hosts"),
            known_hosts_by: NamedBy::Nobody,
            more_known_hosts: vec![home.join("ssh/known_hosts2")],
            system_known_hosts: vec![home.join("system_known_hosts")],
            identities: Vec::new(),
            default_identities: vec![home.join("no-such-key")],
            agent: Agent::Off,
            ssh_config: SshConfigOptions {
                user: Some(home.join("ssh/config")),
                system: Some(home.join("system_config")),
                home: home.to_path_buf(),
                local_user: None,
                variable: |_| None,
            },
        }
    }
}
