//! The record of host keys, where a switch changes the way to a node.

use std::sync::Arc;

use crate::exec::HostKeys;
use crate::new_way::NewWay;
use crate::node::{Node, Port, SshTarget};
use crate::plan::apply_cx::ApplyCx;

/// Host keys on record, before and after a switch that changes the way to a node.
pub(super) struct Records {
    keys: Arc<dyn HostKeys>,
    kept: Vec<SshTarget>,
    /// Where the node was, and the lines of that.
    old: (SshTarget, Vec<String>),
    /// Where it will be, and the lines that were there before.
    new: (SshTarget, Vec<String>),
    /// What the new place will answer with.
    lines: Vec<String>,
    way: NewWay,
}

impl Records {
    /// Writes down what will answer at the new place, before anybody dials there.
    pub(super) async fn prepare(way: &NewWay, node: &Node, cx: &ApplyCx<'_>) -> Result<Option<Self>, String> {
        let there = way.to(node);
        let (Some(old), Some(new)) = (node.ssh().cloned(), there.ssh().cloned()) else { return Ok(None) };
        let (keys, way) = (Arc::clone(&cx.host_keys), way.clone());
        let kept: Vec<SshTarget> = cx.others.iter().filter(|other| **other != old).cloned().collect();
        off_the_runtime(move || {
            let before = keys.on_record(&old, &kept)?;
            let there = match way.leads_elsewhere() {
                true => keys.on_record(&new, &kept)?,
                false => Vec::new(),
            };
            let known: Vec<String> = match way.host_keys.is_empty() {
                true => before.iter().filter_map(|line| key_of(line)).collect(),
                false => way.host_keys.iter().filter_map(|key| key_of(&format!("- {key}"))).collect(),
            };
            let name = recorded_name(&new);
            let lines: Vec<String> = known.iter().map(|key| format!("{name} {key}")).collect();
            if way.leads_elsewhere() || !way.host_keys.is_empty() {
                keys.remember(&new, &lines)?;
            }
            Ok(Some(Self { keys, kept, old: (old, before), new: (new, there), lines, way }))
        })
        .await
    }

    /// The node is there now: where it was is forgotten.
    pub(super) async fn moved(self) -> Result<(), String> {
        let Self { keys, kept, old: (old, _), new: (new, _), lines, way } = self;
        off_the_runtime(move || {
            match (way.leads_elsewhere(), way.host_keys.is_empty()) {
                (false, true) => return Ok(()),
                (false, false) => {
                    keys.forget(&old, &kept)?;
                    keys.remember(&new, &lines)?;
                }
                (true, _) => {
                    let kept: Vec<SshTarget> = kept.into_iter().chain([new]).collect();
                    keys.forget(&old, &kept)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The node is where it was: what was written down for the new place is taken back.
    pub(super) async fn stayed(self) -> Result<(), String> {
        let Self { keys, kept, old: (old, before), new: (new, there), way, .. } = self;
        off_the_runtime(move || {
            match (way.leads_elsewhere(), way.host_keys.is_empty()) {
                (false, true) => {}
                (false, false) => {
                    keys.forget(&old, &kept)?;
                    keys.remember(&old, &before)?;
                }
                // What was on record there before is somebody else's to forget.
                (true, _) if there.is_empty() => {
                    let kept: Vec<SshTarget> = kept.into_iter().chain([old]).collect();
                    keys.forget(&new, &kept)?;
                }
                (true, _) => {}
            }
            Ok(())
        })
        .await
    }
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

/// A place as known_hosts names it.
fn recorded_name(target: &SshTarget) -> String {
    match target.port {
        Port::SSH => target.host.to_string(),
        port => format!("[{}]:{port}", target.host),
    }
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
}
