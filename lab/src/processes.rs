//! Ends what a lab machine started, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// Sees to it that a machine ends even if the test that holds it is killed: the watcher waits for the end of its
/// input, which is ours to hold.
#[derive(Debug)]
pub(crate) struct Watcher(Child);

impl Watcher {
    pub(crate) fn of(pid: u32, dir: &Path) -> std::io::Result<Self> {
        Command::new("/bin/sh")
            .args(["-c", "cat >/dev/null; kill -9 \"$1\"; rm -rf -- \"$2\"", "sh", &pid.to_string()])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of what is sent to the test's own group.
            .process_group(0)
            .spawn()
            .map(Self)
    }
}

impl Drop for Watcher {
    /// An end in good order needs no watcher any more: it goes before its input ends.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills all descendants of a process, not itself.
pub(crate) fn kill_descendants(root: u32) {
    signal_descendants(root, Signal::KILL);
}

/// Signals all descendants of a process, not itself.
pub(crate) fn signal_descendants(root: u32, which: Signal) {
    let parents = parents();
    let mut doomed = vec![root];
    let mut at = 0;
    while let Some(&parent) = doomed.get(at) {
        doomed.extend(parents.iter().filter(|&(_, &of)| of == parent).map(|(&pid, _)| pid));
        at += 1;
    }
    doomed.iter().skip(1).for_each(|&pid| signal(pid, which));
}

/// How many processes have this one as their parent.
pub(crate) fn children(parent: u32) -> usize {
    parents().values().filter(|&&of| of == parent).count()
}

/// Kills all processes whose environment holds this `NAME=VALUE`; the value must be unique to the caller.
pub(crate) fn kill_marked(mark: &str) {
    for pid in pids() {
        let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { continue };
        if environ.split(|&b| b == 0).any(|pair| pair == mark.as_bytes()) {
            signal(pid, Signal::KILL);
        }
    }
}

fn signal(pid: u32, which: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself in between.
        let _ = kill_process(pid, which);
    }
}

fn pids() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Process id to the id of its parent.
fn parents() -> BTreeMap<u32, u32> {
    let parent = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name in parentheses, which may itself hold spaces and parentheses.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    pids().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect()
}
