//! `network.ports`

use std::fmt;

use nixi_core::catalog::network;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::NoArgs;
use crate::reading::parsed;
use crate::table::{Column, Table};

/// What listens on a node.
pub struct Ports;

/// `data` of `network.ports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortsReport {
    /// Listening sockets, by port.
    pub listeners: Vec<Listener>,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The address, with `%` and an interface if it is bound to one; `*`, `0.0.0.0` and `::` are all addresses.
    pub address: String,
    /// The program; `null` where the login user may not see it.
    pub process: Option<String>,
    /// Its process id; `null` where the login user may not see it.
    pub pid: Option<u32>,
}

impl Inspect for Ports {
    const NAME: ActionName = ActionName::new("network", "ports");
    const ABOUT: &'static str = "listening TCP and UDP ports";
    const CAPABILITY: ReadCapability = ReadCapability::NetworkDiagnostics;
    type Args = NoArgs;
    type Report = PortsReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<PortsReport, ToolError> {
        Ok(PortsReport { listeners: parsed(cx, network::ports(), listeners).await? })
    }
}

/// Rows of ss(8): protocol, state, two queues, local and peer address, process.
fn listeners(text: &str) -> Result<Vec<Listener>, String> {
    let mut found = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
        .map(|(at, line)| listener(line).ok_or_else(|| format!("row {} is not a socket", at + 1)))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn listener(line: &str) -> Option<Listener> {
    let mut words = line.split_whitespace();
    let protocol = words.next().filter(|word| matches!(*word, "tcp" | "udp"))?;
    let local = words.nth(3)?;
    let (address, port) = local.rsplit_once(':')?;
    let process = line.split_once("users:((\"").map(|(_, rest)| rest);
    Some(Listener {
        port: port.parse().ok()?,
        protocol: protocol.to_owned(),
        address: address.trim_start_matches('[').replace(']', ""),
        process: process.and_then(|rest| Some(rest.split_once('"')?.0.to_owned())),
        pid: process.and_then(|rest| {
            let (_, after) = rest.split_once("pid=")?;
            after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        }),
    })
}

impl fmt::Display for PortsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.listeners.is_empty() {
            return f.write_str("nothing listens");
        }
        let header = [
            ("PORT", Column::Number),
            ("PROTO", Column::Whole),
            ("ADDRESS", Column::Whole),
            ("PROCESS", Column::Elastic),
        ];
        let table = Table::new(header).rows(&self.listeners, |listener| {
            let process = match (&listener.process, listener.pid) {
                (Some(process), Some(pid)) => format!("{process} ({pid})"),
                (Some(process), None) => process.clone(),
                (None, _) => "-".to_owned(),
            };
            [listener.port.to_string(), listener.protocol.clone(), listener.address.clone(), process]
        });
        write!(f, "{table}")?;
        if self.listeners.iter().any(|listener| listener.process.is_none()) {
            f.write_str("\n-: the login user may not see the process")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From iproute2 6.1.
    const RECORDED: &str = "udp UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:*\n\
        tcp LISTEN 0      128          0.0.0.0:22   0.0.0.0:*    users:((\"sshd\",pid=812,fd=3),(\"systemd\",pid=1,fd=60))\n\
        tcp LISTEN 0      4096            [::]:22      [::]:*\n\
        tcp LISTEN 0      511                *:8080       *:*    users:((\"my app\",pid=99,fd=3))\n";

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(PortsReport { listeners: listeners(RECORDED).unwrap() }, @r"
        PORT  PROTO  ADDRESS        PROCESS
          22  tcp    0.0.0.0        sshd (812)
          22  tcp    ::             -
          53  udp    127.0.0.53%lo  -
        8080  tcp    *              my app (99)
        -: the login user may not see the process
        ");
        assert_eq!(PortsReport { listeners: listeners("").unwrap() }.to_string(), "nothing listens");
    }

    #[test]
    fn what_is_no_socket() {
        for text in [
            "hello",
            "tcp LISTEN 0 128 0.0.0.0 0.0.0.0:*",
            "tcp LISTEN 0 128 0.0.0.0:65536 *",
            "raw UNCONN 0 0 *:1 *:*",
        ] {
            assert!(listeners(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((tcp|udp) LISTEN 0 0 [0-9.:\\[\\]%*]* [*:]* (users:\\(\\(\"[a-z\"]*,pid=[0-9]*)?\n){0,3}") {
            let _ = listeners(&text);
        }
    }
}
