//! Records that do not tell which key a host has, and what a person can do about it.

use std::path::{Path, PathBuf};

use nixi_core::{NodeName, paste};

use crate::route::Route;

use super::HostKey;
use super::file::Place;

/// A line that speaks of the host and leaves its key open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    place: Place,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A CA vouches for the host. Its own key belongs into this file.
    Certified { record: PathBuf },
    /// The line is broken, or says something that we do not know.
    Unreadable,
}

impl Gap {
    pub(super) fn certified(place: &Place, record: &Path) -> Self {
        Self { place: place.clone(), kind: Kind::Certified { record: record.to_path_buf() } }
    }

    pub(super) fn unreadable(place: &Place) -> Self {
        Self { place: place.clone(), kind: Kind::Unreadable }
    }

    /// What is wrong: a fragment that follows on the key which the host shows.
    pub(crate) fn why(&self) -> String {
        let Place { file, line, .. } = &self.place;
        match self.kind {
            Kind::Certified { .. } => format!(
                "no key of it is on record, and {} line {line} lets a CA vouch for it, whose certificates Nixi cannot \
                 check",
                file.display()
            ),
            Kind::Unreadable => {
                format!("{} line {line} speaks of this host and cannot be read", file.display())
            }
        }
    }

    /// The way out.
    pub(crate) fn cure(&self, offered: &HostKey, route: &Route, node: Option<&NodeName>) -> String {
        let Place { file, line, removable } = &self.place;
        match (&self.kind, node) {
            (Kind::Certified { record }, _) => format!(
                "record the machine's own key, fetched by an ssh that takes nothing but the certificate: \
                 key=$(ssh -o StrictHostKeyChecking=yes -p {} {} cat /etc/ssh/ssh_host_{}_key.pub) && \
                 echo \"{} $key\" >> {}",
                route.port,
                paste::word(&format!("{}@{}", route.user, route.name)),
                family(offered.kind()),
                super::name_of(route.known_as.0.as_str(), route.known_as.1.get()),
                paste::path(record),
            ),
            (Kind::Unreadable, Some(node)) if *removable => format!(
                "mend line {line} of {} by hand, or `nixi remove {node}` and adopt it again",
                file.display()
            ),
            (Kind::Unreadable, _) => format!(
                "mend or take out line {line} of {}; sshd(8) tells what a line may say",
                file.display()
            ),
        }
    }
}

/// The part of the name of sshd's key file.
fn family(kind: &str) -> &'static str {
    match kind {
        "ssh-ed25519" => "ed25519",
        "ssh-rsa" => "rsa",
        _ => "ecdsa",
    }
}
