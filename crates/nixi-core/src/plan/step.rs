//! Steps of a plan.

use std::fmt;

use serde::Serialize;

use super::Settle;
use super::file::{self, PutFile};
use crate::command::{ChangeId, Command, Elevation, Lasting, Login, Write};
use crate::config::ConfigEdit;
use crate::node::SshTarget;

/// One thing to do, as data.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a command on the node.
    Run(Command<Write>),
    /// Runs a command as a unit of the node, which goes on if the connection is lost.
    Lasting(Lasting),
    /// Waits until what was started stays up.
    Settle(Settle),
    /// Puts a file on the node.
    PutFile(PutFile),
    /// Edits Nixi's own configuration, on the controller.
    Config(ConfigEdit),
    /// Drops a host from the user's known_hosts, on the controller.
    ForgetHostKey(SshTarget),
}

impl From<Command<Write>> for Step {
    fn from(command: Command<Write>) -> Self {
        Self::Run(command)
    }
}

impl From<Lasting> for Step {
    fn from(lasting: Lasting) -> Self {
        Self::Lasting(lasting)
    }
}

impl From<Settle> for Step {
    fn from(settle: Settle) -> Self {
        Self::Settle(settle)
    }
}

impl From<PutFile> for Step {
    fn from(put: PutFile) -> Self {
        Self::PutFile(put)
    }
}

impl Step {
    /// Whether it takes place on the node, and not on the controller.
    pub(crate) fn is_on_node(&self) -> bool {
        match self {
            Self::Run(_) | Self::Lasting(_) | Self::Settle(_) | Self::PutFile(_) => true,
            Self::Config(_) | Self::ForgetHostKey(_) => false,
        }
    }

    /// As a person reads it in a plan: a command word for word as this login runs it.
    pub(crate) fn for_login(&self, login: Login) -> String {
        match self {
            Self::Run(command) => command.for_login(login),
            Self::Lasting(lasting) => lasting.for_login(login),
            Self::PutFile(put) => match login {
                Login::Root => PutFile { elevation: Elevation::LoginUser, ..put.clone() }.to_string(),
                Login::Other => put.to_string(),
            },
            Self::Settle(_) | Self::Config(_) | Self::ForgetHostKey(_) => self.to_string(),
        }
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(command) => write!(f, "{command}"),
            Self::Lasting(lasting) => write!(f, "{lasting}"),
            Self::Settle(settle) => write!(f, "{settle}"),
            Self::PutFile(put) => write!(f, "{put}"),
            Self::Config(edit) => write!(f, "config: {edit}"),
            Self::ForgetHostKey(ssh) => {
                let host = ssh.host.as_str();
                if ssh.port == crate::node::Port::SSH {
                    write!(f, "known_hosts: forget {host}")
                } else {
                    write!(f, "known_hosts: forget [{host}]:{}", ssh.port)
                }
            }
        }
    }
}

/// What the digest is taken of: every word by itself, so that no two steps look alike.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fingerprinted<'a> {
    Run {
        program: &'a str,
        args: &'a [String],
        elevation: Elevation,
    },
    /// With every word that is the same for all changes; only the number is given to it when it is run.
    Lasting {
        program: &'a str,
        args: &'a [String],
        start: Vec<String>,
    },
    /// With the words that say for how long, and what it is asked by.
    Settle {
        what: &'a Settle,
        shown: String,
        read: String,
        last_words: String,
    },
    PutFile(file::Fingerprinted<'a>),
    Config(&'a ConfigEdit),
    ForgetHostKey {
        host: &'a str,
        port: u16,
    },
}

impl<'a> From<&'a Step> for Fingerprinted<'a> {
    fn from(step: &'a Step) -> Self {
        match step {
            Step::Run(command) => Self::Run {
                program: command.program().as_str(),
                args: command.arguments(),
                elevation: command.elevation(),
            },
            Step::Lasting(lasting) => Self::Lasting {
                program: lasting.command().program().as_str(),
                args: lasting.command().arguments(),
                start: lasting.start(&ChangeId::of([0; 32])).arguments().to_vec(),
            },
            Step::Settle(settle) => Self::Settle {
                what: settle,
                shown: settle.to_string(),
                read: settle.read().to_string(),
                last_words: settle.last_words().to_string(),
            },
            Step::PutFile(put) => Self::PutFile(put.into()),
            Step::Config(edit) => Self::Config(edit),
            Step::ForgetHostKey(ssh) => Self::ForgetHostKey { host: ssh.host.as_str(), port: ssh.port.get() },
        }
    }
}
