//! The digest that ties an approval to what is run.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Plan, Risk, Undo};
use crate::action::ActionName;
use crate::arrival::Stop;
use crate::exec::Fingerprint;
use crate::node::{Node, NodeName, Target};

/// SHA-256 of everything an approval is about: the node, its address, the way there and the host key, the risk, every
/// word of every step, and what is relied on. Anything else is another digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanDigest([u8; 32]);

#[derive(Serialize)]
struct Subject<'a> {
    action: ActionName,
    node: &'a str,
    address: Option<(&'a str, u16, &'a str)>,
    host_key: Option<&'a str>,
    route: &'a [Stop],
    risk: Risk,
    summary: &'a str,
    warnings: &'a [String],
    untold: &'a [NodeName],
    steps: Vec<PlanDigest>,
    expects: Vec<(String, &'a [u8; 32])>,
    undo: &'a Undo,
}

impl PlanDigest {
    pub(crate) fn of(
        plan: &Plan,
        action: ActionName,
        node: &Node,
        host_key: Option<&Fingerprint>,
        route: &[Stop],
    ) -> Self {
        let subject = Subject {
            action,
            node: node.name().as_str(),
            address: match node.target() {
                Target::Local => None,
                Target::Ssh(ssh) => Some((ssh.host.as_str(), ssh.port.get(), ssh.user.as_str())),
            },
            host_key: host_key.map(Fingerprint::as_str),
            route,
            risk: plan.risk,
            summary: &plan.summary,
            warnings: &plan.warnings,
            untold: &plan.untold,
            steps: plan.steps.iter().map(|step| step.kind().digest()).collect(),
            expects: plan.expects.iter().map(|e| (e.read().to_string(), e.answer())).collect(),
            undo: &plan.undo,
        };
        Self::of_value(&subject)
    }

    pub(crate) fn bytes(self) -> [u8; 32] {
        self.0
    }

    pub(crate) fn of_value(subject: &impl Serialize) -> Self {
        struct Hasher(Sha256);
        impl std::io::Write for Hasher {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.update(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut hasher = Hasher(Sha256::new());
        // Serialising these plain structs cannot fail; if it ever did, the digest would match nothing that was shown.
        if serde_json::to_writer(&mut hasher, subject).is_err() {
            hasher.0.update(b"unserialisable");
        }
        Self(hasher.0.finalize().into())
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanDigest({self})")
    }
}

impl Serialize for PlanDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
