//! Why there is no connection, and how that is told.

use std::fmt::Display;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nixi_core::{ExecError, Fingerprint, NodeName, Unreachable};

use crate::hostkey::{Gap, HostKey, Place, is_checkable};
use crate::route::{RSA_BITS, Route};
use crate::shortage::Shortage;

/// Why a connect came to nothing. Nothing was run on the node.
#[derive(Debug, Clone)]
pub(crate) enum ConnectError {
    /// The limit was reached during this step.
    Timeout { step: &'static str, limit: Duration },
    /// The kernel gave up waiting before our limit.
    NoAnswer,
    /// The name has no address.
    Dns(String),
    /// No connection to any address.
    Refused(String),
    /// What answers does not speak SSH as we do.
    Protocol(String),
    /// It sent more than anybody needs for a login.
    Flood {
        /// So many bytes are the limit.
        limit: u64,
    },
    /// Another host key is recorded, for the host's name or for this address of it.
    Changed { offered: HostKey, known: HostKey, place: Box<Place>, of: Option<IpAddr> },
    /// The host key is marked as revoked.
    Revoked { offered: HostKey, place: Place },
    /// The host key is an RSA key that is too short to prove anything.
    Weak { offered: HostKey, bits: u32, least: u32 },
    /// What is on record does not tell whether this is the host key.
    Undecided { offered: HostKey, gap: Box<Gap> },
    /// The host key is not the one that was asked for.
    NotPinned { offered: Vec<HostKey>, pin: Fingerprint },
    /// Nothing is recorded of the host, and the user's SSH configuration asks for that.
    Unknown(HostKey),
    /// The jump host could not be reached itself.
    JumpHost { hop: Arc<Route>, error: Arc<ConnectError> },
    /// The jump host opens no way to the machine.
    NoTunnel { hop: Arc<Route>, why: String },
    /// None of these keys opened it.
    Auth { tried: Vec<String>, unusable: Vec<String> },
    /// The record of host keys cannot be read or written, so no key can be trusted.
    KnownHosts(String),
    /// The controller lacks something.
    Short(Shortage),
    /// Something of our own failed.
    Internal(String),
}

impl ConnectError {
    pub(crate) fn internal(error: impl Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// What an error of this machine tells of, or else what it says of the other one.
    pub(crate) fn of_io(error: io::Error, otherwise: impl FnOnce(io::Error) -> Self) -> Self {
        Shortage::of(&error).map_or_else(|| otherwise(error), Self::Short)
    }

    /// The same for an error that does not tell: whether we are short right now.
    pub(crate) fn or_short(self) -> Self {
        Shortage::now().map_or(self, Self::Short)
    }

    /// Whether another door would have been answered otherwise.
    pub(crate) fn is_of_the_door(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::NoAnswer | Self::Refused(_))
    }

    /// Whether closing a connection of our own may help.
    pub(crate) fn is_of_files(&self) -> bool {
        match self {
            Self::Short(shortage) => shortage.is_of_files(),
            Self::JumpHost { error, .. } => error.is_of_files(),
            Self::Timeout { .. }
            | Self::NoAnswer
            | Self::Dns(_)
            | Self::Refused(_)
            | Self::Protocol(_)
            | Self::Flood { .. }
            | Self::Changed { .. }
            | Self::Revoked { .. }
            | Self::Undecided { .. }
            | Self::NotPinned { .. }
            | Self::Unknown(_)
            | Self::Weak { .. }
            | Self::NoTunnel { .. }
            | Self::Auth { .. }
            | Self::KnownHosts(_)
            | Self::Internal(_) => false,
        }
    }

    /// What core is told. The name is that of the node, where it has one already.
    pub(crate) fn explain(&self, route: &Route, node: Option<&NodeName>) -> ExecError {
        let at = route.to_string();
        let unreachable =
            |reason, detail: String, hint: Option<String>| ExecError::Unreachable { reason, detail, hint };
        match self {
            Self::Timeout { step, limit } => unreachable(
                Unreachable::Timeout,
                format!("no answer from {at} within {limit:?} ({step})"),
                None,
            ),
            Self::NoAnswer => unreachable(Unreachable::Timeout, format!("no answer from {at}"), None),
            Self::Dns(why) => unreachable(
                Unreachable::Dns,
                format!("the name {} has no address: {why}", route.host),
                Some("check the name, or use the address".to_owned()),
            ),
            Self::Refused(why) => {
                unreachable(Unreachable::Refused, format!("no connection to {at}: {why}"), None)
            }
            Self::Protocol(why) => {
                unreachable(Unreachable::Protocol, format!("no SSH with {at}: {why}"), None)
            }
            Self::Flood { limit } => unreachable(
                Unreachable::Protocol,
                format!(
                    "no SSH with {at}: it sent more than {} KiB before login completed; the connection was dropped",
                    limit / 1024
                ),
                None,
            ),
            Self::Changed { offered, known, place, of } => unreachable(
                Unreachable::HostKeyChanged,
                format!(
                    "the host key of {at} is not the one on record{}: it shows {} ({}), {} line {} has {} ({}); \
                     refused before login, nothing was sent",
                    of.map(|address| format!(" for {address} (CheckHostIP)")).unwrap_or_default(),
                    offered.fingerprint(),
                    offered.kind(),
                    place.file.display(),
                    place.line,
                    known.fingerprint(),
                    known_as(known, offered),
                ),
                Some(match of {
                    Some(address) => format!(
                        "the name may lead to another machine than it did: look whether {address} is right; if it is, and \
                         was another machine's before, take out line {} of {}",
                        place.line,
                        place.file.display()
                    ),
                    None if is_checkable(known.kind()) => cure(place, node),
                    None => record(place),
                }),
            ),
            Self::Revoked { offered, place } => unreachable(
                Unreachable::HostKeyChanged,
                format!(
                    "the host key of {at}, {} ({}), is revoked by {} line {}; refused before login, nothing was sent",
                    offered.fingerprint(),
                    offered.kind(),
                    place.file.display(),
                    place.line,
                ),
                Some("this key must not be trusted; give the machine a new one".to_owned()),
            ),
            Self::Weak { offered, bits, least } => unreachable(
                Unreachable::Protocol,
                format!(
                    "no login at {at}: its RSA host key has {bits} bits; {} asks for at least {least} (the key is {}); \
                     refused before login, nothing was sent",
                    if *least > RSA_BITS { "RequiredRSASize" } else { "Nixi" },
                    offered.fingerprint(),
                ),
                Some(
                    "give the machine a longer key: `ssh-keygen -t ed25519 -f /etc/ssh/ssh_host_ed25519_key` there"
                        .to_owned(),
                ),
            ),
            Self::Undecided { offered, gap } => unreachable(
                Unreachable::HostKeyChanged,
                format!(
                    "the host key of {at} cannot be checked: it shows {} ({}), but {}; refused before login, nothing \
                     was sent",
                    offered.fingerprint(),
                    offered.kind(),
                    gap.why(),
                ),
                Some(gap.cure(offered, route, node)),
            ),
            Self::NotPinned { offered, pin } => unreachable(
                Unreachable::HostKeyChanged,
                format!(
                    "the host key of {at} is not {pin}: it shows {}; refused before login, nothing was sent",
                    offered.iter().map(|key| key.fingerprint().to_string()).collect::<Vec<_>>().join(", ")
                ),
                Some(
                    "compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine itself"
                        .to_owned(),
                ),
            ),
            Self::Unknown(offered) => unreachable(
                Unreachable::HostKeyChanged,
                format!(
                    "the host key of {at}, {} ({}), is not on record, and StrictHostKeyChecking of the SSH \
                     configuration takes no other; refused before login, nothing was sent",
                    offered.fingerprint(),
                    offered.kind()
                ),
                Some("put the key into known_hosts, or adopt the host with --host-key".to_owned()),
            ),
            Self::JumpHost { hop, error } => by_way_of(route, error.explain(hop, None)),
            Self::NoTunnel { hop, why } => unreachable(
                Unreachable::Refused,
                format!(
                    "the jump host {} opens no way to {} port {}: {why}",
                    hop.name, route.host, route.port
                ),
                None,
            ),
            Self::Auth { tried, unusable } => auth(&at, route, tried, unusable),
            Self::KnownHosts(why) => ExecError::Unfit {
                detail: format!("the host key of {at} cannot be checked: {why}"),
                hint: "let your user read and write that file".to_owned(),
            },
            Self::Short(shortage) => shortage.explain(&format!("connect to {at}")),
            Self::Internal(why) => unreachable(
                Unreachable::Controller,
                format!("failed to connect to {at}: Nixi itself failed: {why}"),
                Some("try again; if that does not help, it is a fault of Nixi: please report it".to_owned()),
            ),
        }
    }
}

/// The type of the key on record, and what it means that the host shows another.
fn known_as(known: &HostKey, offered: &HostKey) -> String {
    let kind = known.kind();
    match (known.kind() == offered.kind(), is_checkable(kind)) {
        (true, _) => kind.to_owned(),
        (false, true) => format!("{kind}, which was asked for first"),
        (false, false) => format!("{kind}, a type that Nixi cannot check"),
    }
}

/// The way out where the key on record is of no use to us.
fn record(place: &Place) -> String {
    format!(
        "compare the key it shows with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine itself, and \
         record that one as well, in a line after line {} of {}",
        place.line,
        place.file.display()
    )
}

/// The way out of a changed key: never to take it, always to look first.
fn cure(place: &Place, node: Option<&NodeName>) -> String {
    let look = "if nobody installed that machine anew, somebody may be in between: do not go on. If it was";
    match (place.removable, node) {
        (true, Some(node)) => format!("{look}, `nixi remove {node}`, then adopt it again"),
        (true, None) => {
            format!("{look}, take out line {} of {}, then adopt it again", place.line, place.file.display())
        }
        (false, _) => format!(
            "{look}, put the new key into line {} of {}, which Nixi does not write (on NixOS: programs.ssh.knownHosts)",
            place.line,
            place.file.display()
        ),
    }
}

/// The trouble of a jump host, told of the machine behind it.
fn by_way_of(route: &Route, error: ExecError) -> ExecError {
    let told = |detail: String| format!("the jump host of {} cannot be used: {detail}", route.name);
    match error {
        ExecError::Unreachable { reason, detail, hint } => {
            ExecError::Unreachable { reason, detail: told(detail), hint }
        }
        ExecError::Unfit { detail, hint } => ExecError::Unfit { detail: told(detail), hint },
        error @ (ExecError::Lost(_)
        | ExecError::Deadline(_)
        | ExecError::CancelledUnsent
        | ExecError::Cancelled
        | ExecError::Unquotable(_)) => error,
    }
}

fn auth(at: &str, route: &Route, tried: &[String], unusable: &[String]) -> ExecError {
    let mut detail = if tried.is_empty() {
        format!("{at} wants a key for user {}, and there is none to offer", route.user)
    } else {
        format!("{at} takes none of our keys for user {}: {}", route.user, tried.join(", "))
    };
    if !unusable.is_empty() {
        detail += &format!("; not usable: {}", unusable.join(", "));
    }
    for remark in &route.remarks {
        detail += &format!("; {remark}");
    }
    let hint = if tried.is_empty() {
        "make a key with `ssh-keygen -t ed25519`, or start ssh-agent with yours".to_owned()
    } else {
        format!("put one of the public keys into ~{}/.ssh/authorized_keys on the node", route.user)
    };
    ExecError::Unreachable { reason: Unreachable::Auth, detail, hint: Some(hint) }
}
