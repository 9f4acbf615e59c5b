//! Reads of time.

use super::cat;
use crate::command::{Command, Program, Read};

/// date(1): RFC 3339 time with offset, the zone's short name, and seconds since the epoch, a line each.
pub fn date() -> Command<Read> {
    Command::read(Program::new("date"), ["+%Y-%m-%dT%H:%M:%S%:z%n%Z%n%s"])
}

/// The path behind `/etc/localtime`, which ends in the zone's name (localtime(5)).
pub fn zone() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--", "/etc/localtime"])
}

/// proc_uptime(5): seconds since boot, then idle seconds.
pub fn uptime() -> Command<Read> {
    cat("/proc/uptime")
}
