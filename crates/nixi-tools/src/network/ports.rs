//! `network.ports`

use std::fmt;

use nixi_core::catalog::network;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::NoArgs;
use crate::reading::parsed;
use crate::rows::{LeftOut, Rows, Sifted, write_left_out};
use crate::table::{Column, Table};

/// What listens on a node.
pub struct Ports;

/// `data` of `network.ports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortsReport {
    /// Listening sockets, by port.
    pub listeners: Vec<Listener>,
    /// Rows that could not be read.
    pub left_out: Vec<LeftOut>,
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
    type Args = NoArgs;
    type Report = PortsReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("network", "ports"),
            "listening TCP and UDP ports",
            ReadCapability::NetworkDiagnostics,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<PortsReport, ToolError> {
        let Sifted { rows, left_out } = parsed(cx, network::ports(), listeners).await?;
        Ok(PortsReport { listeners: rows, left_out })
    }
}

/// Rows of ss(8): protocol, state, two queues, local and peer address, process.
pub(crate) fn listeners(text: &str) -> Result<Sifted<Listener>, String> {
    let mut found = Rows::Listeners.of_lines(text.lines(), listener)?;
    found.rows.sort();
    found.rows.dedup();
    Ok(found)
}

fn listener(line: &str) -> Option<Listener> {
    let mut rest = line;
    let mut word = || {
        let (word, after) =
            rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim_start(), ""));
        rest = after;
        word
    };
    let protocol = Some(word()).filter(|word| matches!(*word, "tcp" | "udp"))?;
    let (_state, _received, _sent, local, _peer) = (word(), word(), word(), word(), word());
    let (address, port) = local.rsplit_once(':')?;
    let owner = rest.trim().strip_prefix("users:((\"").map(owner);
    Some(Listener {
        port: port.parse().ok()?,
        protocol: protocol.to_owned(),
        address: address.trim_start_matches('[').replace(']', ""),
        process: owner.map(|(name, _)| name.to_owned()),
        pid: owner.and_then(|(_, pid)| pid),
    })
}

/// The first process of `NAME",pid=1,fd=2),("NAME",pid=3,fd=4))`. A process may choose its name, which ss(8) does not
/// quote: what looks like the end of a name is one only if the whole rest is entries too. A name has 15 bytes at most,
/// too few for an end and another beginning.
fn owner(owners: &str) -> (&str, Option<u32>) {
    const END: &str = "\",pid=";
    let is_name =
        |from: usize, to: usize| owners.get(from..to).is_some_and(|name| name.chars().count() <= 15);
    let mut ends: Vec<(usize, u32)> = Vec::new();
    for (at, _) in owners.rmatch_indices(END) {
        let Some((pid, behind)) = owners.get(at + END.len()..).and_then(numbers) else { continue };
        let goes_on = behind.strip_prefix("),(\"").is_some_and(|next| {
            let next = owners.len() - next.len();
            ends.iter().rev().take(16).any(|(end, _)| is_name(next, *end))
        });
        if goes_on || behind == "))" {
            ends.push((at, pid));
        }
    }
    let mut first = ends.iter().rev().filter(|(end, _)| is_name(0, *end));
    match (first.next(), first.next()) {
        (Some((end, pid)), None) => (owners.get(..*end).unwrap_or_default(), Some(*pid)),
        // Two names made for each other can be read in two ways: then no process is named by its number.
        (Some(_), Some(_)) => (owners.trim_end_matches(')'), None),
        // Versions that write `NAME",1,2))`, and names with a line break.
        (None, _) => (owners.split('"').next().unwrap_or_default(), None),
    }
}

/// `1,fd=2`, the number and what stands behind.
fn numbers(text: &str) -> Option<(u32, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (pid, rest) = text.split_at_checked(digits(text))?;
    let descriptor = rest.strip_prefix(",fd=")?;
    let end = digits(descriptor);
    Some((pid.parse().ok()?, descriptor.get(end..).filter(|_| end > 0)?))
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
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From iproute2 6.1.
    pub(crate) const ROWS: [&str; 4] = [
        "udp UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:*",
        "tcp LISTEN 0      128          0.0.0.0:22   0.0.0.0:*    users:((\"sshd\",pid=812,fd=3),(\"systemd\",pid=1,fd=60))",
        "tcp LISTEN 0      4096            [::]:22      [::]:*",
        "tcp LISTEN 0      511                *:8080       *:*    users:((\"my app\",pid=99,fd=3))",
    ];

    fn report(text: &str) -> PortsReport {
        let Sifted { rows, left_out } = listeners(text).unwrap();
        PortsReport { listeners: rows, left_out }
    }

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(report(&ROWS.join("\n")), @r"
        PORT  PROTO  ADDRESS        PROCESS
          22  tcp    0.0.0.0        sshd (812)
          22  tcp    ::             -
          53  udp    127.0.0.53%lo  -
        8080  tcp    *              my app (99)
        -: the login user may not see the process
        ");
        assert_eq!(report("").to_string(), "nothing listens");
    }

    #[test]
    fn an_odd_row_is_named_and_hides_no_other() {
        insta::assert_snapshot!(report(&format!("{}\ntcp LISTEN 0 1 *:-1 *:*\nhello\nudp UNCONN 0 0 *:http *:*\n", ROWS[1])), @r"
        PORT  PROTO  ADDRESS  PROCESS
          22  tcp    0.0.0.0  sshd (812)
        left out: row 2: tcp LISTEN 0 1 *:-1 *:*: it is not a socket
        left out: 2 more (--json names them)
        ");
    }

    #[test]
    fn addresses_with_zones_and_without_brackets() {
        for (local, address) in [
            ("[fe80::1%eth0]:546", "fe80::1%eth0"),
            ("[fe80::1]%eth0:546", "fe80::1%eth0"),
            (":::546", "::"),
            ("*%virbr0:546", "*%virbr0"),
            ("10.0.0.1%eth0:1:546", "10.0.0.1%eth0:1"),
            ("[::ffff:10.0.0.1]:546", "::ffff:10.0.0.1"),
        ] {
            let found = listeners(&format!("udp UNCONN 0 0 {local} *:*\n")).unwrap().rows.remove(0);
            assert_eq!((found.address.as_str(), found.port), (address, 546), "{local}");
        }
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

    /// Names of at most 15 bytes, some of them made to look like the end of one.
    fn name() -> impl Strategy<Value = String> {
        let forged = [
            "a\",pid=1,fd=3)",
            "\",pid=1,fd=3),(",
            ",pid=1,fd=3),(\"",
            "a\"b",
            "\"",
            "((\"",
            "\",1,2))",
            "users:((\"a",
            "",
            "a b  c",
        ];
        prop_oneof![prop::sample::select(forged.to_vec()).prop_map(str::to_owned), "[a\",pidf=1() ]{0,15}"]
    }

    proptest! {
        #[test]
        fn no_name_of_a_process_forges_another(first in name(), second in prop::option::of(name()), pid in 10..99_u32) {
            let more = second.as_ref().map(|name| format!(",(\"{name}\",pid=7,fd=8)")).unwrap_or_default();
            let line = format!("tcp LISTEN 0 0 *:22 *:* users:((\"{first}\",pid={pid},fd=3){more})");
            let found = listeners(&line).unwrap().rows.remove(0);
            let is_plain = |name: &str| !name.contains('"');
            if found.pid.is_some() || (is_plain(&first) && second.as_deref().is_none_or(is_plain)) {
                prop_assert_eq!((found.process, found.pid), (Some(first), Some(pid)));
            }
        }

        #[test]
        fn never_panics(text in "\\PC*|((tcp|udp) LISTEN 0 0 [0-9.:\\[\\]%*]* [*:]* (users:\\(\\(\"[a-z\"]*,pid=[0-9]*)?\n){0,3}") {
            let _ = listeners(&text);
        }
    }
}
