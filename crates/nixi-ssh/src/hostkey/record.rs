//! `accept-new`: the key of a host that nothing was known of is written down.

use std::io;
use std::path::Path;

use super::file::{KnownHosts, Locked};
use super::policy::{Verdict, judge};
use super::{HostKey, name_of};
use crate::route::Records;

/// Appends the key, unhashed, if still nothing contradicts it; all that is there stays as it is.
///
/// Gives what the file says now: another Nixi may have been faster.
pub(crate) fn record(file: &Path, host: &str, port: u16, key: &HostKey) -> io::Result<Verdict> {
    let locked = Locked::open(file)?;
    let records =
        Records { user: vec![file.to_path_buf()], system: Vec::new(), new: Some(file.to_path_buf()) };
    let verdict = judge(&KnownHosts::load(&records)?.of(host, port), key);
    if verdict == Verdict::New {
        // A last line without its newline must not swallow ours.
        let separator = if locked.read()?.last().is_some_and(|&last| last != b'\n') { "\n" } else { "" };
        locked.append(format!("{separator}{}", line_of(host, port, key)).as_bytes())?;
    }
    Ok(verdict)
}

/// The line that is written for a host.
pub(crate) fn line_of(host: &str, port: u16, key: &HostKey) -> String {
    format!("{} {}\n", name_of(host, port), key.text())
}
