//! Reads of the network.

use crate::command::{Command, NetTarget, PingCount, Program, Read};

/// ip-address(8) as a JSON array.
pub fn interfaces() -> Command<Read> {
    Command::read(Program::new("ip"), ["-json", "address", "show"])
}

/// ss(8): listening TCP and UDP sockets, numeric, no header; the process column only for what the user may see.
pub fn ports() -> Command<Read> {
    Command::read(Program::new("ss"), ["-Htulpn"])
}

/// ping(8): some echo requests, each waited for at most 2 s.
pub fn ping(target: &NetTarget, count: PingCount) -> Command<Read> {
    Command::read(Program::new("ping"), ["-n", "-W", "2", "-c"]).and([
        &count.to_string(),
        "--",
        target.as_str(),
    ])
}
