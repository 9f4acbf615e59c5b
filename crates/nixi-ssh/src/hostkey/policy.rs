//! What follows from known_hosts for the key that a host offers.

use super::HostKey;
use super::file::{Known, Place};

/// What becomes of an offered key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is recorded.
    Known,
    /// Nothing is recorded for the host.
    New,
    /// Another key is recorded, of this type or another.
    Changed {
        /// The one that is recorded.
        known: HostKey,
        /// Where.
        place: Box<Place>,
    },
    /// It is marked `@revoked`.
    Revoked {
        /// Where.
        place: Place,
    },
}

/// Judges the key that a host offers.
///
/// A host that is known under one type and now offers only another is *changed*: the algorithms were ordered by what
/// is known (see [`algorithms`]), so an honest host offers the known one if it still has it.
pub(crate) fn judge(known: &Known, offered: &HostKey) -> Verdict {
    if let Some((_, place)) = known.revoked.iter().find(|(key, _)| key == offered) {
        return Verdict::Revoked { place: place.clone() };
    }
    if known.keys.iter().any(|(key, _)| key == offered) {
        return Verdict::Known;
    }
    let same_type = known.keys.iter().find(|(key, _)| key.kind() == offered.kind());
    match same_type.or(known.keys.first()) {
        Some((key, place)) => Verdict::Changed { known: key.clone(), place: Box::new(place.clone()) },
        None if known.without_port.contains(offered) => Verdict::Known,
        None => Verdict::New,
    }
}

/// The types of key we take, best first, each with the signature algorithms that go with it. No certificates: a CA
/// line is not a plain key. No SHA-1.
const FAMILIES: [(&str, &str); 5] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
];

/// The host key algorithms to propose, those of recorded keys first: else a host with several keys would offer one
/// that is not recorded, and look changed. Types in `without` were seen already; nothing if none is left.
pub(crate) fn algorithms(known: &Known, without: &[HostKey]) -> Option<String> {
    let recorded = |kind: &str| {
        known.keys.iter().map(|(key, _)| key).chain(&known.without_port).any(|key| key.kind() == kind)
    };
    let (first, rest): (Vec<_>, Vec<_>) = FAMILIES
        .iter()
        .filter(|(kind, _)| without.iter().all(|seen| seen.kind() != *kind))
        .partition(|(kind, _)| recorded(kind));
    let all: Vec<&str> = first.iter().chain(&rest).map(|(_, algorithms)| *algorithms).collect();
    (!all.is_empty()).then(|| all.join(","))
}
