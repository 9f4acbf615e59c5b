//! `network.ping`

use std::fmt;

use nixi_core::catalog::network;
use nixi_core::command::{NetTarget, PingCount, Program};
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Exit, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::reading::{run_whole, unreadable};

/// Whether a host answers to a node.
pub struct Ping;

/// Parameters of `network.ping`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PingArgs {
    /// Host name or address
    #[schemars(with = "String")]
    pub target: NetTarget,
    /// How many packets (3)
    pub count: Option<PingCount>,
}

/// `data` of `network.ping`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PingReport {
    /// The host, as it was asked for.
    pub target: String,
    /// Packets sent.
    pub sent: u32,
    /// Packets that came back.
    pub received: u32,
    /// Round trips in milliseconds; `null` if nothing came back.
    pub round_trip: Option<RoundTrip>,
}

/// How long packets took, there and back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct RoundTrip {
    /// The fastest, in milliseconds.
    pub min_ms: f64,
    /// The mean, in milliseconds.
    pub avg_ms: f64,
    /// The slowest, in milliseconds.
    pub max_ms: f64,
}

impl Inspect for Ping {
    type Args = PingArgs;
    type Report = PingReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("network", "ping"),
            "whether a host answers to the node",
            ReadCapability::NetworkDiagnostics,
        )
        .example(json!({"target": "db-server"}))
    }

    fn outward(args: &PingArgs) -> Option<String> {
        Some(args.target.to_string())
    }

    /// ping ends with 1 when nothing came back, which is an answer, and with 2 when it could not even try.
    async fn inspect(&self, cx: &InspectCx<'_>, args: PingArgs) -> Result<PingReport, ToolError> {
        let command = network::ping(&args.target, args.count.unwrap_or(PingCount::USUAL));
        let shown = command.to_string();
        let output = run_whole(cx, command).await?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        match (&output.exit, summary(&stdout)) {
            (Exit::Code(0 | 1), Some((sent, received))) => Ok(PingReport {
                target: args.target.to_string(),
                sent,
                received,
                round_trip: round_trip(&stdout),
            }),
            (Exit::Code(0), None) => Err(unreadable(&shown, "it does not say how many packets came back")),
            (Exit::Code(_) | Exit::Signal(_), _) => {
                Err(ToolError::of_output(&shown, Program::new("ping"), false, &output))
            }
        }
    }
}

/// `3 packets transmitted, 3 received`; busybox says `3 packets received`.
fn summary(text: &str) -> Option<(u32, u32)> {
    let line = text.lines().find(|line| line.contains(" packets transmitted, "))?;
    let (sent, rest) = line.split_once(" packets transmitted, ")?;
    Some((sent.trim().parse().ok()?, rest.split(' ').next()?.parse().ok()?))
}

/// `rtt min/avg/max/mdev = 0.029/0.037/0.046/0.007 ms`; busybox says `round-trip` and has no `mdev`.
fn round_trip(text: &str) -> Option<RoundTrip> {
    let (_, rest) = text.lines().find(|line| line.contains("min/avg/max"))?.split_once(" = ")?;
    let mut times =
        rest.split(['/', ' ']).map(|word| word.parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0));
    Some(RoundTrip { min_ms: times.next()??, avg_ms: times.next()??, max_ms: times.next()?? })
}

impl fmt::Display for PingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = clean_line(&self.target);
        match (self.received, self.round_trip) {
            (0, _) => write!(f, "{target} does not answer: {} sent, none came back", self.sent),
            (received, Some(time)) => write!(
                f,
                "{target} answers: {received} of {} came back, {:.1} ms on average ({:.1} to {:.1})",
                self.sent, time.avg_ms, time.min_ms, time.max_ms
            ),
            (received, None) => write!(f, "{target} answers: {received} of {} came back", self.sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWERED: &str = "PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.029 ms\n\n\
        --- 127.0.0.1 ping statistics ---\n3 packets transmitted, 2 received, 33.3333% packet loss, time 2041ms\n\
        rtt min/avg/max/mdev = 0.029/0.337/0.946/0.007 ms\n";

    #[test]
    fn recorded_answers() {
        let report = |text: &str| {
            let (sent, received) = summary(text).unwrap();
            PingReport { target: "db".to_owned(), sent, received, round_trip: round_trip(text) }.to_string()
        };
        assert_eq!(report(ANSWERED), "db answers: 2 of 3 came back, 0.3 ms on average (0.0 to 0.9)");
        let lost = "--- 192.0.2.1 ping statistics ---\n3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2041ms\n";
        assert_eq!(report(lost), "db does not answer: 3 sent, none came back");
        let busybox = "1 packets transmitted, 1 packets received, 0% packet loss\nround-trip min/avg/max = 0.1/0.2/0.3 ms\n";
        assert_eq!(report(busybox), "db answers: 1 of 1 came back, 0.2 ms on average (0.1 to 0.3)");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[0-9]* packets transmitted, [0-9]* received\nrtt min/avg/max = [0-9./]* ms") {
            let _ = (summary(&text), round_trip(&text));
        }
    }
}
