//! `systemctl list-units --output=json`

use std::fmt;

use nixi_core::catalog::service::BETWEEN_TRIES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reading::json;
use crate::rows::{LeftOut, Rows, Sifted, write_left_out};
use crate::table::{Column, Table};

/// A unit as systemd lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct Unit {
    /// Its name, with its kind behind the dot.
    pub unit: String,
    /// Whether its definition was loaded: `loaded`, `masked`, `error`, …
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`, …
    pub active: String,
    /// The finer state of its kind, such as `running` or `exited`.
    pub sub: String,
    /// What it is.
    pub description: String,
}

impl Unit {
    /// Whether it has failed for good, or is started again and again: one word for it, wherever it is shown.
    pub(super) fn standing(&self) -> &'static str {
        if self.active == "failed" { "failed" } else { "restarting" }
    }
}

/// `data` of `service.list` and `service.failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitsReport {
    /// Failed ones first, then those that run, each by name.
    pub units: Vec<Unit>,
    /// Units that could not be read.
    pub left_out: Vec<LeftOut>,
}

/// The units that are there; systemd also lists names that others only refer to.
pub(crate) fn units(text: &str) -> Result<Sifted<Unit>, String> {
    let mut units = Rows::Units.of_json(text, &["unit"], |value| json::<Unit>(value))?;
    units.rows.retain(|unit| is_there(&unit.load, &unit.active));
    units.rows.sort_by(|a, b| (rank(a), &a.unit).cmp(&(rank(b), &b.unit)));
    Ok(units)
}

/// Whether there is such a unit. One whose file is gone may still run, or have failed; only one that is idle as well is
/// no more than a name.
pub(super) fn is_there(load: &str, active: &str) -> bool {
    !(load == "not-found" && active == "inactive")
}

/// Whether it has failed, or is between a failure and the next try: systemd calls that `activating`, or `inactive` for
/// a moment.
pub(super) fn is_failing(active: &str, sub: &str) -> bool {
    active == "failed" || BETWEEN_TRIES.contains(&sub)
}

fn rank(unit: &Unit) -> u8 {
    match unit.active.as_str() {
        active if is_failing(active, &unit.sub) => 0,
        "inactive" => 2,
        _ => 1,
    }
}

impl fmt::Display for UnitsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units.is_empty() {
            f.write_str("no units")?;
            return write_left_out(f, &self.left_out);
        }
        let header = [("UNIT", Column::Whole), ("STATE", Column::Whole), ("DESCRIPTION", Column::Elastic)];
        let table = Table::new(header).rows(&self.units, |unit| {
            let state = if rank(unit) == 0 { unit.standing() } else { unit.active.as_str() };
            [unit.unit.clone(), format!("{state} ({})", unit.sub), unit.description.clone()]
        });
        let of = |wanted: u8| self.units.iter().filter(move |unit| rank(unit) == wanted);
        let failed = of(0).filter(|unit| unit.active == "failed").count();
        write!(f, "{table}\n\n{failed} failed, ")?;
        match of(0).count() - failed {
            0 => {}
            restarting => write!(f, "{restarting} restarting, ")?,
        }
        write!(f, "{} active, {} inactive", of(1).count(), of(2).count())?;
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From systemd 256, shortened.
    pub(crate) const RECORDED: &str = r#"[{"unit":"nginx.service","load":"loaded","active":"active","sub":"running","description":"Nginx Web Server"},
{"unit":"backup.service","load":"loaded","active":"failed","sub":"failed","description":"Backup of everything that matters to us, to the other machine in the cellar"},
{"unit":"syslog.service","load":"not-found","active":"inactive","sub":"dead","description":"syslog.service"},
{"unit":"emergency.service","load":"loaded","active":"inactive","sub":"dead","description":"Emergency Shell"},
{"unit":"dbus.service","load":"loaded","active":"active","sub":"running","description":"D-Bus System Message Bus"}]"#;

    /// Three of them, each as an element of the array.
    pub(crate) fn rows() -> Vec<&'static str> {
        RECORDED
            .trim_matches(['[', ']'])
            .lines()
            .map(|row| row.trim_end_matches(','))
            .filter(|row| !row.contains("not-found"))
            .collect()
    }

    fn report(text: &str) -> UnitsReport {
        let Sifted { rows, left_out } = units(text).unwrap();
        UnitsReport { units: rows, left_out }
    }

    #[test]
    fn an_odd_unit_hides_no_other() {
        let odd = RECORDED
            .replace(r#""sub":"dead","description":"Emergency"#, r#""sub":7,"description":"Emergency"#);
        let shown = report(&odd).to_string();
        assert!(
            shown.contains("nginx.service") && shown.contains("\nleft out: emergency.service: "),
            "{shown}"
        );
    }

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(report(RECORDED), @r"
        UNIT               STATE             DESCRIPTION
        backup.service     failed (failed)   Backup of everything that matters to us, t…
        dbus.service       active (running)  D-Bus System Message Bus
        nginx.service      active (running)  Nginx Web Server
        emergency.service  inactive (dead)   Emergency Shell

        1 failed, 2 active, 1 inactive
        ");
    }

    #[test]
    fn a_unit_whose_file_is_gone_is_there_while_it_runs_or_has_failed() {
        let found = |load: &str, active: &str, sub: &str| {
            let text = format!(
                r#"[{{"unit":"old-app.service","load":"{load}","active":"{active}","sub":"{sub}","description":"d"}}]"#
            );
            units(&text).unwrap().rows.len() == 1
        };
        for (load, active, sub) in [
            ("not-found", "failed", "failed"),
            ("not-found", "active", "running"),
            ("not-found", "active", "exited"),
            ("not-found", "activating", "auto-restart"),
            ("not-found", "deactivating", "stop-sigterm"),
            ("not-found", "reloading", "reload"),
            ("not-found", "maintenance", "cleaning"),
            ("masked", "failed", "failed"),
            ("masked", "inactive", "dead"),
            ("bad-setting", "inactive", "dead"),
            ("error", "active", "running"),
        ] {
            assert!(found(load, active, sub), "{load} {active}");
        }
        assert!(!found("not-found", "inactive", "dead"));
    }

    #[test]
    fn a_unit_between_two_tries_is_failing() {
        let looping = RECORDED.replace(
            r#""active":"active","sub":"running","description":"Nginx"#,
            r#""active":"activating","sub":"auto-restart","description":"Nginx"#,
        );
        let shown = report(&looping).to_string();
        assert!(shown.ends_with("1 failed, 1 restarting, 1 active, 1 inactive"), "{shown}");
        assert!(shown.contains("restarting (auto-restart)"), "{shown}");
        assert!(!is_failing("activating", "start") && !is_failing("inactive", "dead"));
        assert!(is_failing("activating", "auto-restart-queued") && is_failing("failed", "failed"));
    }

    #[test]
    fn what_is_no_list_is_no_empty_list() {
        for text in ["", "{}", "[1]", "null", "[{\"unit\":\"a\"}]", "UNIT LOAD"] {
            assert!(units(text).is_err(), "{text}");
        }
        assert_eq!(units("[]\n").unwrap(), Sifted::none());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..RECORDED.len(), flip in any::<u8>()) {
            let mut broken = RECORDED.as_bytes().to_vec();
            broken[cut] = flip;
            let _ = (units(&String::from_utf8_lossy(&bytes)), units(&String::from_utf8_lossy(&broken)));
        }
    }
}
