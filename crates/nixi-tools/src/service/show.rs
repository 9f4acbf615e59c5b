//! `systemctl show`: `KEY=VALUE` lines, an empty line between two units.

use nixi_core::catalog::service;
use nixi_core::command::UnitName;
use nixi_core::nearest::did_you_mean;
use nixi_core::{InspectCx, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::unit::{self, units};
use crate::reading::{parsed, unreadable};
use crate::table::count;

/// The state of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitStatus {
    /// Its name; for an alias, the name of the unit behind it.
    pub unit: UnitName,
    /// What it is.
    pub description: String,
    /// Whether its definition was loaded: `loaded`, `masked`, `error`, …
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`, …
    pub active: String,
    /// The finer state of its kind, such as `running` or `exited`.
    pub sub: String,
    /// Whether it starts at boot: `enabled`, `disabled`, `static`, …
    pub enabled: Option<String>,
    /// Its main process.
    pub main_pid: Option<u32>,
    /// When it became active, in the node's own words.
    pub active_since: Option<String>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// How often systemd restarted it.
    pub restarts: Option<u64>,
    /// How it ended last: `success`, `exit-code`, `oom-kill`, …
    pub result: Option<String>,
    /// The exit code of its main process.
    pub exit_status: Option<i32>,
}

impl UnitStatus {
    pub(super) fn is_there(&self) -> bool {
        unit::is_there(&self.load, &self.active)
    }
}

/// The state of some units, in the order asked. One that is not there is an error.
pub(super) async fn states(cx: &InspectCx<'_>, of: &[UnitName]) -> Result<Vec<UnitStatus>, ToolError> {
    if let Some(template) = of.iter().find(|name| name.is_template()) {
        return Err(ToolError::BadArgument {
            message: format!("{} is a template, and no unit by itself", template.qualified()),
            hint: Some("name one of its instances, with a word behind the `@`".to_owned()),
        });
    }
    let states = match of {
        [] => Vec::new(),
        of => parsed(cx, service::show(of), |text| statuses(text, of.len())).await?,
    };
    let missing: Vec<String> = of
        .iter()
        .zip(&states)
        .filter(|(_, status)| !status.is_there())
        .map(|(name, _)| name.qualified().to_string())
        .collect();
    let [first, ..] = missing.as_slice() else { return Ok(states) };
    let there = parsed(cx, service::list(), units).await?;
    let names =
        there.rows.iter().map(|unit| unit.unit.as_str()).filter(|name| name.parse::<UnitName>().is_ok());
    Err(ToolError::NotFound {
        message: format!("no unit named {} on {}", missing.join(", "), cx.node().name()),
        hint: Some(
            did_you_mean(first, names).unwrap_or_else(|| "service.list shows all there are".to_owned()),
        ),
    })
}

/// An error with the nearest names unless there is such a unit.
pub(crate) async fn is_there(cx: &InspectCx<'_>, unit: &UnitName) -> Result<(), ToolError> {
    states(cx, std::slice::from_ref(unit)).await.map(drop)
}

/// `Id` and `LoadState` of some units, as pinned; an error unless they are those of the statuses.
pub(super) fn same(shown: &str, printed: &str, statuses: &[UnitStatus]) -> Result<(), ToolError> {
    let blocks = blocks(printed, statuses.len()).map_err(|why| unreadable(shown, &why))?;
    let same = blocks.iter().zip(statuses).all(|(block, status)| {
        block.get("Id") == Some(status.unit.as_str()) && block.get("LoadState") == Some(status.load.as_str())
    });
    if same { Ok(()) } else { Err(unreadable(shown, "it does not agree with what was read before")) }
}

pub(super) struct Block<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Block<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
            .filter(|value| !value.is_empty())
    }

    fn needed(&self, key: &str) -> Result<String, String> {
        self.get(key).map(str::to_owned).ok_or_else(|| format!("{key} is missing"))
    }
}

fn blocks(text: &str, expected: usize) -> Result<Vec<Block<'_>>, String> {
    let blocks = blocks_of_any(text)?;
    match blocks.len() {
        found if found == expected => Ok(blocks),
        found => Err(format!("it tells of {}, not of {expected}", count(found, "unit"))),
    }
}

/// Of however many units there are.
pub(super) fn blocks_of_any(text: &str) -> Result<Vec<Block<'_>>, String> {
    let text = text.trim_matches('\n');
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut blocks = vec![Block(Vec::new())];
    for line in text.lines() {
        if line.is_empty() {
            blocks.push(Block(Vec::new()));
        } else if let (Some(pair), Some(block)) = (line.split_once('='), blocks.last_mut()) {
            block.0.push(pair);
        } else {
            return Err("a line is not KEY=VALUE".to_owned());
        }
    }
    Ok(blocks)
}

fn statuses(text: &str, expected: usize) -> Result<Vec<UnitStatus>, String> {
    blocks(text, expected)?.iter().map(status).collect()
}

fn status(block: &Block<'_>) -> Result<UnitStatus, String> {
    // systemd writes "not set" as words or as the largest number.
    let number =
        |key: &str| block.get(key).and_then(|value| value.parse::<u64>().ok()).filter(|n| *n < u64::MAX);
    Ok(UnitStatus {
        unit: block.needed("Id")?.parse().map_err(|_| "Id is not the name of a unit")?,
        description: block.get("Description").unwrap_or_default().to_owned(),
        load: block.needed("LoadState")?,
        active: block.needed("ActiveState")?,
        sub: block.needed("SubState")?,
        enabled: block.get("UnitFileState").map(str::to_owned),
        main_pid: number("MainPID").and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
        active_since: block.get("ActiveEnterTimestamp").filter(|time| *time != "n/a").map(str::to_owned),
        memory_bytes: number("MemoryCurrent"),
        restarts: number("NRestarts"),
        result: block.get("Result").map(str::to_owned),
        exit_status: block.get("ExecMainStatus").and_then(|code| code.parse().ok()),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From systemd 256, two units.
    pub(crate) const RECORDED: &str = "MainPID=42\nNRestarts=1\nResult=success\nExecMainStatus=0\nId=nginx.service\n\
        Description=Nginx = Web Server\nLoadState=loaded\nActiveState=active\nSubState=running\n\
        UnitFileState=enabled\nActiveEnterTimestamp=Mon 2025-11-24 16:00:00 UTC\nMemoryCurrent=12582912\n\
        \n\
        MainPID=0\nNRestarts=5\nResult=exit-code\nExecMainStatus=203\nId=backup.service\nDescription=Backup\n\
        LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=\nActiveEnterTimestamp=\n\
        MemoryCurrent=[not set]\n";

    #[test]
    fn a_recorded_answer() {
        let found = statuses(RECORDED, 2).unwrap();
        assert_eq!(found[0].description, "Nginx = Web Server");
        assert_eq!((found[0].main_pid, found[0].memory_bytes), (Some(42), Some(12_582_912)));
        assert_eq!((found[1].main_pid, found[1].memory_bytes, &found[1].enabled), (None, None, &None));
        assert_eq!((found[1].exit_status, found[1].result.as_deref()), (Some(203), Some("exit-code")));
        let unset = RECORDED.replace("12582912", "18446744073709551615");
        assert_eq!(statuses(&unset, 2).unwrap()[0].memory_bytes, None);
    }

    #[test]
    fn what_does_not_fit() {
        assert!(statuses(RECORDED, 1).is_err() && statuses(RECORDED, 3).is_err());
        for id in ["nginx.service is harmless", "nginx\u{3164}.service", "--now", &"x".repeat(256)] {
            assert!(statuses(&RECORDED.replace("nginx.service", id), 2).is_err(), "{id}");
        }
        assert!(statuses("", 1).is_err() && statuses("hello\n", 1).is_err());
        assert!(statuses(&RECORDED.replace("LoadState=loaded\n", ""), 2).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|LoadState|MainPID)=?[a-z0-9]*\n{0,2}){0,6}", expected in 0..4usize) {
            let _ = statuses(&text, expected);
        }
    }
}
