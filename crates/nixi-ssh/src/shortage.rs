//! What the controller itself lacks: never a node's fault, and told with its cure.

use std::fs::File;
use std::io;

use nixi_core::{ExecError, Unreachable};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// Something of our own that is short or broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shortage {
    what: String,
    cure: String,
    /// Whether closing a connection of our own may help.
    of_files: bool,
}

impl Shortage {
    pub(crate) fn new(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), cure: cure.into(), of_files: false }
    }

    /// The shortage that an error of this machine tells of; none, if it is about another machine or about what was asked.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        let errno = Errno::from_io_error(error)?;
        let (what, cure) = match errno {
            Errno::MFILE => return Some(Self::of_files()),
            Errno::NFILE => {
                ("this machine has no further open file to give", "raise fs.file-max, or end what holds them")
            }
            Errno::NOBUFS | Errno::NOMEM => {
                ("this machine has no memory left for it", "end something else, or ask fewer nodes at once")
            }
            Errno::ADDRNOTAVAIL => (
                "this machine has no address or port left to connect from",
                "wait a minute for ports to get free, and look at `ip address` and net.ipv4.ip_local_port_range",
            ),
            Errno::AGAIN => (
                "this machine starts no further thread or process for your user",
                "raise `ulimit -u`, or ask fewer nodes at once",
            ),
            Errno::AFNOSUPPORT | Errno::NETDOWN => {
                ("this machine has no network of that kind", "look at `ip address` on this machine")
            }
            Errno::PERM | Errno::ACCESS => (
                "this machine does not let Nixi connect",
                "look at the firewall of this machine, and at what confines Nixi",
            ),
            _ => return None,
        };
        Some(Self::new(format!("{what} ({error})"), cure))
    }

    fn of_files() -> Self {
        let limit = getrlimit(Resource::Nofile).current.map_or("none".to_owned(), |limit| limit.to_string());
        Self {
            what: format!("Nixi has as many files and connections open as it may (the limit is {limit})"),
            cure: "raise it with `ulimit -n 4096`, or ask fewer nodes at once".to_owned(),
            of_files: true,
        }
    }

    /// Whether no file can be opened right now: some programs and libraries tell that as something else.
    pub(crate) fn now() -> Option<Self> {
        File::open("/dev/null").err().as_ref().and_then(Self::of)
    }

    /// Whether closing a connection of our own may help.
    pub(crate) fn is_of_files(&self) -> bool {
        self.of_files
    }

    /// What core is told; `doing` fits behind "failed to".
    pub(crate) fn explain(&self, doing: &str) -> ExecError {
        ExecError::Unreachable {
            reason: Unreachable::Controller,
            detail: format!(
                "failed to {doing}: {}; that is no fault of the node, and nothing was sent",
                self.what
            ),
            hint: Some(self.cure.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_lacks_is_told_with_its_cure() {
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOBUFS,
            Errno::NOMEM,
            Errno::ADDRNOTAVAIL,
            Errno::AGAIN,
            Errno::AFNOSUPPORT,
            Errno::NETDOWN,
            Errno::PERM,
        ] {
            let shortage = Shortage::of(&errno.into()).unwrap();
            let ExecError::Unreachable { reason, detail, hint } = shortage.explain("connect to web") else {
                panic!("{shortage:?}")
            };
            assert_eq!(reason, Unreachable::Controller);
            assert!(detail.contains("no fault of the node") && hint.is_some(), "{detail}");
            assert_eq!(shortage.is_of_files(), errno == Errno::MFILE);
        }
    }

    #[test]
    fn what_another_machine_says_is_no_shortage() {
        for errno in
            [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::TIMEDOUT, Errno::CONNRESET, Errno::NETUNREACH]
        {
            assert_eq!(Shortage::of(&errno.into()), None, "{errno}");
        }
        assert_eq!(Shortage::of(&io::Error::other("x")), None);
    }
}
