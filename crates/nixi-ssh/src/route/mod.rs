//! Where a target leads: one value that everything goes by, the connection, the record of host keys and the pool.

mod find;
mod records;
mod routes;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use nixi_core::{CanonicalHost, ExecError, Host, Place, Port, Unreachable, UserName};

pub(crate) use find::RSA_BITS;
pub(crate) use records::Records;
pub(crate) use routes::Routes;

use crate::options::Agent;
use crate::ssh_config::{Family, Fault, Refusal};

/// The way to one machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    /// The name that it was asked for by.
    pub(crate) name: Host,
    /// What is connected to.
    pub(crate) host: Host,
    pub(crate) port: Port,
    pub(crate) user: UserName,
    /// The name and port by which its host keys are recorded.
    pub(crate) known_as: (Host, Port),
    /// The files of known keys.
    pub(crate) records: Records,
    /// The fewest bits of an RSA key, be it of the host or of the user.
    pub(crate) rsa_bits: u32,
    pub(crate) keys: Keys,
    /// The only kind of address to try, if there is one.
    pub(crate) family: Option<Family>,
    /// A host that was never seen is not taken.
    pub(crate) strict: bool,
    /// A key that is on record for the address is no other than the host's.
    pub(crate) check_ip: bool,
    /// What the user's SSH configuration says of it that is not honoured, and may be why a login fails.
    pub(crate) remarks: Vec<String>,
    /// The machine by way of which it is reached.
    pub(crate) via: Option<Arc<Route>>,
}

/// Which keys are tried, beside those that are for every host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Keys {
    /// The node's own, tried first.
    pub(crate) own: Option<PathBuf>,
    /// Those of the user's SSH configuration.
    pub(crate) of_config: Vec<PathBuf>,
    /// Nothing but what is named somewhere: of the agent's keys only those.
    pub(crate) only: bool,
    /// Whether the usual names are tried at last.
    pub(crate) usual: bool,
    /// Another agent than the one for every host.
    pub(crate) agent: Option<Agent>,
}

impl Route {
    pub(crate) fn place(&self) -> Place {
        // Without an alias the keys are known by the host itself.
        let is_alias = CanonicalHost::of(&self.known_as.0) != CanonicalHost::of(&self.host);
        let alias = is_alias.then(|| self.known_as.0.clone());
        Place { host: self.host.clone(), port: self.port, user: self.user.clone(), alias }
    }
}

/// Name and address, the port where it is not 22, and the jump host.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if self.host != self.name {
            write!(f, " ({})", self.host)?;
        }
        if self.port != Port::SSH {
            write!(f, " port {}", self.port)?;
        }
        match &self.via {
            Some(via) => write!(f, " by way of {}", via.name),
            None => Ok(()),
        }
    }
}

/// A target that must not be connected to, as core is told of it.
pub(crate) fn refused(name: &Host, refusal: &Refusal) -> ExecError {
    ExecError::Unreachable {
        reason: match refusal.of {
            Fault::Files => Unreachable::Protocol,
            Fault::Controller => Unreachable::Controller,
        },
        detail: format!("{name} is not connected to: {}", refusal.why),
        hint: Some(refusal.hint.clone()),
    }
}
