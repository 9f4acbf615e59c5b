//! When and on what it was measured: the machine by its size only.

use std::path::Path;
use std::process::Command;

use crate::peers::programs::Programs;

const LOCK: &str = include_str!("../Cargo.lock");

/// One sentence: date, size of the machine, versions of everybody.
pub(crate) fn circumstances(peers: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mut versions = vec![ssh_version()];
    for package in ["russh", "ssh2", "libssh2-sys"] {
        versions.push(format!("{package} {}", locked(LOCK, package).unwrap_or("?")));
    }
    versions.extend(Programs::versions(peers));
    format!(
        "*Measured on {} on {cores} cores with {} GiB, beside {}.*",
        first_line(Command::new("date").arg("+%-d %B %Y")),
        gibibytes(&memory),
        versions.join(", ")
    )
}

/// `OpenSSH_9.2p1`, without what the distribution adds.
fn ssh_version() -> String {
    let told = Command::new("ssh").arg("-V").output().map(|told| told.stderr).unwrap_or_default();
    let text = String::from_utf8_lossy(&told).into_owned();
    text.split([' ', ',']).next().unwrap_or("ssh").to_owned()
}

fn first_line(command: &mut Command) -> String {
    let told = command.env("LC_ALL", "C").output().map(|told| told.stdout).unwrap_or_default();
    String::from_utf8_lossy(&told).lines().next().unwrap_or_default().to_owned()
}

fn gibibytes(meminfo: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    (kibibytes.unwrap_or_default() + (1 << 19)) >> 20
}

/// The version of a package in a Cargo.lock.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock() {
        let lock = "[[package]]\nname = \"ssh2-x\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"ssh2\"\nversion = \"0.9.6\"\n";
        assert_eq!(locked(lock, "ssh2"), Some("0.9.6"));
        assert_eq!(locked(lock, "russh"), None);
        assert!(locked(LOCK, "russh").is_some());
    }

    #[test]
    fn memory_is_told_in_whole_gibibytes() {
        assert_eq!(gibibytes("MemFree: 1 kB\nMemTotal:       24610984 kB\n"), 23);
        assert_eq!(gibibytes(""), 0);
    }
}
