//! The record of host keys, where a switch changes the way to a node.
//!
//! What will answer at the new place is written down before anybody dials there, and what answered at the old one is forgotten last,
//! when all that is declared of the node has followed: whatever ends a plan in between, the node is known at both.

use std::sync::Arc;

use crate::exec::HostKeys;
use crate::new_way::NewWay;
use crate::node::{Node, Port, SshTarget};
use crate::plan::apply_cx::ApplyCx;

/// What of the record a new way changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// The place that keys are recorded for.
    Place,
    /// The keys of the same place.
    Keys,
}

/// Host keys that were written down for a new way.
pub(super) struct Records {
    keys: Arc<dyn HostKeys>,
    kept: Vec<SshTarget>,
    change: Change,
    old: SshTarget,
    new: SshTarget,
    /// What was on record before for the place where the node would be.
    before: Vec<String>,
}

impl Records {
    /// Writes down what will answer by the new way, if that changes anything of the record.
    pub(super) async fn prepare(way: &NewWay, node: &Node, cx: &ApplyCx<'_>) -> Result<Option<Self>, String> {
        let there = way.to(node);
        let (Some(old), Some(new)) = (node.ssh().cloned(), there.ssh().cloned()) else { return Ok(None) };
        let Some(change) = change_of(way) else { return Ok(None) };
        let (keys, kept, way) = (Arc::clone(&cx.host_keys), others(cx, &old), way.clone());
        off_the_runtime(move || {
            let known = keys.on_record(&old, &kept)?;
            let before = keys.on_record(&new, &kept)?;
            keys.remember(&new, &lines(&way, &new, &known))?;
            Ok(Some(Self { keys, kept, change, old, new, before }))
        })
        .await
    }

    /// The node is where it was: what was written down for the new way is taken back.
    pub(super) async fn take_back(self) -> Result<(), String> {
        let Self { keys, mut kept, change, old, new, before } = self;
        off_the_runtime(move || {
            if change == Change::Place {
                kept.push(old);
            }
            keys.forget(&new, &kept)?;
            keys.remember(&new, &before).map(drop)
        })
        .await
    }
}

/// Forgets what answered by the way that a node had before this one, which it is reached by now.
pub(in crate::plan) async fn forget_former(
    way: &NewWay,
    node: &Node,
    cx: &ApplyCx<'_>,
) -> Result<(), String> {
    let there = way.to(node);
    let (Some(old), Some(new)) = (node.ssh().cloned(), there.ssh().cloned()) else { return Ok(()) };
    let Some(change) = change_of(way) else { return Ok(()) };
    let (keys, mut kept, way) = (Arc::clone(&cx.host_keys), others(cx, &old), way.clone());
    off_the_runtime(move || match change {
        Change::Place => {
            kept.push(new);
            keys.forget(&old, &kept).map(drop)
        }
        Change::Keys => {
            keys.forget(&old, &kept)?;
            keys.remember(&new, &lines(&way, &new, &[])).map(drop)
        }
    })
    .await
}

fn change_of(way: &NewWay) -> Option<Change> {
    match (way.leads_elsewhere(), way.host_keys.is_empty()) {
        (true, _) => Some(Change::Place),
        (false, false) => Some(Change::Keys),
        (false, true) => None,
    }
}

/// Who else needs what is on record; the node itself does not.
fn others(cx: &ApplyCx<'_>, itself: &SshTarget) -> Vec<SshTarget> {
    cx.others.iter().filter(|other| *other != itself).cloned().collect()
}

/// The lines for a place: of the host keys that it gets, or else of those that are known of the node.
fn lines(way: &NewWay, place: &SshTarget, known: &[String]) -> Vec<String> {
    let keys: Vec<String> = match way.host_keys.is_empty() {
        true => known.iter().filter_map(|line| key_of(line)).collect(),
        false => way.host_keys.clone(),
    };
    let name = match place.port {
        Port::SSH => place.host.to_string(),
        port => format!("[{}]:{port}", place.host),
    };
    keys.iter().map(|key| format!("{name} {key}")).collect()
}

/// The key of a line of known_hosts (sshd(8)): its type and itself. Marked lines are none.
fn key_of(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let names = words.next()?;
    if names.starts_with(['@', '#']) {
        return None;
    }
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// Another Nixi may hold the lock of the file for a while.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err("writing known_hosts broke off".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_lines_of_any_form() {
        for (line, key) in [
            ("web ssh-ed25519 AAAA comment here", Some("ssh-ed25519 AAAA")),
            ("|1|a=|b= ssh-rsa BBBB", Some("ssh-rsa BBBB")),
            ("@revoked web ssh-rsa BBBB", None),
            ("web ssh-rsa", None),
            ("", None),
        ] {
            assert_eq!(key_of(line).as_deref(), key, "{line}");
        }
    }

    #[test]
    fn what_changes_of_the_record_is_told() {
        let port = NewWay { port: Port::try_from(2222).ok(), ..NewWay::default() };
        let keys = NewWay { host_keys: vec!["ssh-ed25519 AAAA".to_owned()], ..NewWay::default() };
        let user = NewWay { user: "admin".parse().ok(), ..NewWay::default() };
        let both = NewWay { port: port.port, ..keys.clone() };
        assert_eq!(
            [&port, &keys, &user, &both].map(change_of),
            [Some(Change::Place), Some(Change::Keys), None, Some(Change::Place)]
        );
    }
}
