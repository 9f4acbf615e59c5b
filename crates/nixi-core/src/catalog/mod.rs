//! The reads: every command that may run without approval, argument for argument.
//!
//! **Invariant.** This is the only place where a [`Command<Read>`] is made. An entry takes operands that were parsed
//! (see [`crate::command`]), puts `--` before them where the program takes it, and names no option that writes.
//! Each entry has an argv snapshot in this module's tests; a new entry without one does not pass review.

pub mod clock;
pub mod container;
pub mod log;
pub mod network;
pub mod service;
pub mod system;

use crate::command::{Command, Program, Read};

/// The text of a file below `/proc`, `/etc` or `/sys` that any user may read; for the entries here alone.
fn cat(path: &'static str) -> Command<Read> {
    Command::read(Program::new("cat"), ["--", path])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Lines, LogPriority, PingCount};
    use crate::config::Runtime;

    /// What is run, to the letter. Changing a line here changes what runs unasked on other people's machines.
    #[test]
    fn every_argv() {
        let name = |word: &str| word.parse().unwrap();
        let unit = |word: &str| word.parse().unwrap();
        let query = log::Query {
            unit: Some(unit("nginx")),
            since: Some("1h ago".parse().unwrap()),
            until: Some("now".parse().unwrap()),
            priority: Some(LogPriority::Err),
            grep: Some("a b".parse().unwrap()),
            lines: Lines::USUAL,
        };
        let all = [
            clock::date(),
            clock::zone(),
            clock::uptime(),
            system::os_release(),
            system::kernel(),
            system::host_name(),
            system::nixos_version(),
            system::memory(),
            system::load(),
            system::processors(),
            system::disks(),
            system::root_disk(),
            container::list(Runtime::Podman),
            container::inspect(Runtime::Docker, &[name("web"), name("db")]),
            container::ids(Runtime::Podman, &[name("web")]),
            container::logs(Runtime::Podman, &name("web"), Lines::USUAL, None),
            container::logs(Runtime::Podman, &name("web"), Lines::USUAL, Some(&"1h ago".parse().unwrap())),
            service::list(),
            service::failed(),
            service::show(&[unit("nginx")]),
            log::query(&log::Query { lines: Lines::USUAL, ..log::Query::default() }),
            log::query(&query),
            log::query_as_root(&query),
            network::interfaces(),
            network::ports(),
            network::ping(&"192.0.2.1".parse().unwrap(), PingCount::USUAL),
        ];
        let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
