//! Our reading against that of the ssh at hand, which prints by `ssh -G` what it makes of a file.

mod files;
mod grammar;
mod words;

use std::path::Path;
use std::process::{Command, Output};

/// Asks ssh what it makes of a file for a host; nothing if there is no ssh, which CI does not put up with.
#[expect(clippy::disallowed_methods, reason = "asks ssh")]
fn ask(file: &Path, host: &str) -> Option<Output> {
    let asked = Command::new("ssh").arg("-G").arg("-F").arg(file).arg(host).output();
    assert!(asked.is_ok() || std::env::var_os("CI").is_none(), "there is no ssh to compare with: {asked:?}");
    asked.ok()
}

/// The version of the ssh at hand.
#[expect(clippy::disallowed_methods, reason = "asks ssh")]
fn version() -> Option<(u8, u8)> {
    let out = Command::new("ssh").arg("-V").output().ok()?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let number = text.strip_prefix("OpenSSH_")?;
    let (major, rest) = number.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
