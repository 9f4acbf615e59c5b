//! `clock.now`

use std::fmt;

use nixi_core::catalog::clock;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::parts::Parts;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, write_left_out};
use crate::{NoArgs, span};

/// What time it is on a node.
pub struct Now;

/// `data` of `clock.now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NowReport {
    /// Local time with its offset (RFC 3339).
    pub time: String,
    /// Seconds since 1970-01-01 UTC.
    pub unix_seconds: i64,
    /// The zone's name, such as `Europe/Berlin`; its short name where the system has no other.
    pub zone: String,
    /// Seconds since boot.
    pub uptime_seconds: Option<u64>,
    /// Parts that were not to be had.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for Now {
    type Args = NoArgs;
    type Report = NowReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("clock", "now"),
            "time, time zone and uptime",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<NowReport, ToolError> {
        let [now, zone, uptime] = cx.gather([clock::date(), clock::zone(), clock::uptime()]).await;
        let (time, short, unix_seconds) = parsed_of(now, date)?;
        let zone = parsed_of(zone, |path| Ok(zone_of(path)));
        let uptime = parsed_of(uptime, span::since_boot);
        let mut parts = Parts::default();
        let zone = parts.take_if_there("zone", "readlink /etc/localtime", zone)?.flatten().unwrap_or(short);
        let uptime_seconds = parts.take_if_there("uptime", "cat /proc/uptime", uptime)?;
        Ok(NowReport { time, unix_seconds, zone, uptime_seconds, left_out: parts.left_out() })
    }
}

/// The answer to [`clock::date`]: the time, the zone's short name, and seconds since 1970.
pub(crate) fn date(text: &str) -> Result<(String, String, i64), String> {
    let mut lines = text.lines();
    let (Some(time), Some(zone), Some(seconds)) = (lines.next(), lines.next(), lines.next()) else {
        return Err("it is not three lines".to_owned());
    };
    let seconds =
        seconds.trim().parse().map_err(|_| "the third line is not seconds since 1970".to_owned())?;
    if nixi_core::instant::Instant::parse(time).is_none() {
        return Err("the first line is not a time".to_owned());
    }
    Ok((time.to_owned(), zone.to_owned(), seconds))
}

/// The zone behind `/etc/localtime`: what follows `zoneinfo/`, wherever that folder is.
fn zone_of(path: &str) -> Option<String> {
    let (_, zone) = path.trim_end().rsplit_once("/zoneinfo/")?;
    Some(zone.to_owned()).filter(|zone| !zone.is_empty())
}

impl fmt::Display for NowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.time.replacen('T', " ", 1), self.zone)?;
        if let Some(seconds) = self.uptime_seconds {
            write!(f, ", up {}", span::human(seconds))?;
        }
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recorded_answer() {
        let (time, zone, unix_seconds) = date("2025-11-24T17:00:00+01:00\nCET\n1764000000\n").unwrap();
        let report =
            NowReport { time, unix_seconds, zone, uptime_seconds: Some(350_735), left_out: Vec::new() };
        assert_eq!(report.to_string(), "2025-11-24 17:00:00+01:00 (CET), up 4 days 1 h");
    }

    #[test]
    fn zones_of_nixos_and_others() {
        let nixos = "/nix/store/0c0xkdw7d3xkm8h4wq8r3dyhs5jvp1hk-tzdata-2025b/share/zoneinfo/Europe/Berlin\n";
        assert_eq!(zone_of(nixos).unwrap(), "Europe/Berlin");
        assert_eq!(zone_of("/usr/share/zoneinfo/Etc/UTC\n").unwrap(), "Etc/UTC");
        assert_eq!(zone_of("/etc/localtime\n"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([0-9T:+-]{0,26}\n){0,4}") {
            let _ = (date(&text), zone_of(&text));
        }
    }
}
