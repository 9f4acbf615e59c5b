//! `systemctl list-units --output=json`

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reading::json;
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

/// `data` of `service.list` and `service.failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitsReport {
    /// Failed ones first, then those that run, each by name.
    pub units: Vec<Unit>,
}

/// The units that are there; systemd also lists names that others only refer to.
pub(super) fn units(text: &str) -> Result<Vec<Unit>, String> {
    let mut units: Vec<Unit> = json(text)?;
    units.retain(|unit| unit.load != "not-found");
    units.sort_by(|a, b| (rank(a), &a.unit).cmp(&(rank(b), &b.unit)));
    Ok(units)
}

fn rank(unit: &Unit) -> u8 {
    match unit.active.as_str() {
        "failed" => 0,
        "inactive" => 2,
        _ => 1,
    }
}

impl fmt::Display for UnitsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units.is_empty() {
            return f.write_str("no units");
        }
        let header = [("UNIT", Column::Whole), ("STATE", Column::Whole), ("DESCRIPTION", Column::Elastic)];
        let table = Table::new(header).rows(&self.units, |unit| {
            [unit.unit.clone(), format!("{} ({})", unit.active, unit.sub), unit.description.clone()]
        });
        let of = |wanted: u8| self.units.iter().filter(|unit| rank(unit) == wanted).count();
        write!(f, "{table}\n\n{} failed, {} active, {} inactive", of(0), of(1), of(2))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From systemd 256, shortened.
    pub(crate) const RECORDED: &str = r#"[{"unit":"nginx.service","load":"loaded","active":"active","sub":"running","description":"Nginx Web Server"},
{"unit":"backup.service","load":"loaded","active":"failed","sub":"failed","description":"Backup of everything that matters to us, to the other machine in the cellar"},
{"unit":"syslog.service","load":"not-found","active":"inactive","sub":"dead","description":"syslog.service"},
{"unit":"emergency.service","load":"loaded","active":"inactive","sub":"dead","description":"Emergency Shell"},
{"unit":"dbus.service","load":"loaded","active":"active","sub":"running","description":"D-Bus System Message Bus"}]"#;

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(UnitsReport { units: units(RECORDED).unwrap() }, @r"
        UNIT               STATE             DESCRIPTION
        backup.service     failed (failed)   Backup of everything that matters to us, t…
        dbus.service       active (running)  D-Bus System Message Bus
        nginx.service      active (running)  Nginx Web Server
        emergency.service  inactive (dead)   Emergency Shell

        1 failed, 2 active, 1 inactive
        ");
    }

    #[test]
    fn what_is_no_list_is_no_empty_list() {
        for text in ["", "{}", "[1]", "null", "[{\"unit\":\"a\"}]", "UNIT LOAD"] {
            assert!(units(text).is_err(), "{text}");
        }
        assert_eq!(units("[]\n").unwrap(), []);
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
