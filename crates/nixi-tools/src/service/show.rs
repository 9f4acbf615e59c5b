//! `systemctl show`: `KEY=VALUE` lines, an empty line between two units.

use nixi_core::catalog::service;
use nixi_core::command::UnitName;
use nixi_core::nearest::did_you_mean;
use nixi_core::{InspectCx, ReadAnswer, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::unit::{self, units};
use crate::reading::{parsed, parsed_of, unreadable};
use crate::rows::{Rows, Sifted};
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
    /// One of which only the name is known.
    #[cfg(test)]
    pub(super) fn named(name: &str) -> Self {
        let text = format!("Id={name}\nLoadState=loaded\nActiveState=active\nSubState=running\n");
        let block = block(&text);
        status(&block).unwrap_or_else(|why| panic!("{why}"))
    }

    pub(super) fn is_there(&self) -> bool {
        unit::is_there(&self.load, &self.active)
    }
}

/// The state of some units, in the order asked. One that is not there, or cannot be read, is an error.
pub(super) async fn states(cx: &InspectCx<'_>, of: &[UnitName]) -> Result<Vec<UnitStatus>, ToolError> {
    all_of(of, readable(cx, of).await?)
}

/// The same out of an answer to [`service::show`].
pub(super) async fn states_told(
    cx: &InspectCx<'_>,
    of: &[UnitName],
    answer: ReadAnswer,
) -> Result<Vec<UnitStatus>, ToolError> {
    all_of(of, readable_told(cx, of, answer).await?)
}

fn all_of(of: &[UnitName], found: Sifted<UnitStatus>) -> Result<Vec<UnitStatus>, ToolError> {
    match found.left_out.first() {
        Some(odd) => Err(unreadable(&service::show(of).to_string(), &odd.to_string())),
        None => Ok(found.rows),
    }
}

/// The same, without those that cannot be read.
pub(super) async fn readable(cx: &InspectCx<'_>, of: &[UnitName]) -> Result<Sifted<UnitStatus>, ToolError> {
    no_template(of)?;
    let [answer] = cx.gather([service::show(of)]).await;
    readable_told(cx, of, answer).await
}

/// An error if one of them is a template, of which systemctl tells nothing.
pub(super) fn no_template(among: &[UnitName]) -> Result<(), ToolError> {
    match among.iter().find(|name| name.is_template()) {
        None => Ok(()),
        Some(template) => Err(ToolError::BadArgument {
            message: format!("{} is a template, and no unit by itself", template.qualified()),
            hint: Some("name one of its instances, with a word behind the `@`".to_owned()),
        }),
    }
}

async fn readable_told(
    cx: &InspectCx<'_>,
    of: &[UnitName],
    answer: ReadAnswer,
) -> Result<Sifted<UnitStatus>, ToolError> {
    let found = parsed_of(answer, |text| statuses(text, of))?;
    let missing = found.rows.iter().filter(|(_, status)| !status.is_there());
    let missing: Vec<String> = missing.map(|(name, _)| name.qualified().to_string()).collect();
    let [first, ..] = missing.as_slice() else {
        let rows = found.rows.into_iter().map(|(_, status)| status).collect();
        return Ok(Sifted { rows, left_out: found.left_out });
    };
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

/// The state of those of these units that there are, whoever named them, out of an answer to [`service::show`]. None of them
/// may be a template.
pub(crate) fn those_there(of: &[UnitName], answer: ReadAnswer) -> Result<Sifted<UnitStatus>, ToolError> {
    let Sifted { rows, left_out } = parsed_of(answer, |text| statuses(text, of))?;
    let rows = rows.into_iter().map(|(_, status)| status).filter(UnitStatus::is_there).collect();
    Ok(Sifted { rows, left_out })
}

/// An error with the nearest names unless there is such a unit.
pub(crate) async fn is_there(cx: &InspectCx<'_>, unit: &UnitName) -> Result<(), ToolError> {
    states(cx, std::slice::from_ref(unit)).await.map(drop)
}

/// Whether `Id` and `LoadState` of some units are still those of the statuses.
pub(super) fn same<'a>(
    printed: &str,
    statuses: impl ExactSizeIterator<Item = &'a UnitStatus>,
) -> Result<bool, String> {
    let blocks = blocks(printed, statuses.len())?;
    for (block, status) in blocks.iter().zip(statuses) {
        let block = block.whole()?;
        let is_it = block.get("Id") == Some(status.unit.as_str())
            && block.get("LoadState") == Some(status.load.as_str());
        if !is_it {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is told of one unit: its pairs, and whether all of its lines are such.
#[derive(Default)]
pub(crate) struct Block<'a> {
    pairs: Vec<(&'a str, &'a str)>,
    is_odd: bool,
}

impl<'a> Block<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.pairs
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
            .filter(|value| !value.is_empty())
    }

    /// All values of a key that may be given several times.
    pub(crate) fn all(&self, key: &'a str) -> impl Iterator<Item = &'a str> + '_ {
        self.pairs.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// systemd writes "not set" as words or as the largest number.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(|value| value.parse().ok()).filter(|n| *n < u64::MAX)
    }

    /// An error if a line of it is something else: then nobody knows what is missing.
    pub(super) fn whole(&self) -> Result<&Self, String> {
        if self.is_odd { Err("a line is not KEY=VALUE".to_owned()) } else { Ok(self) }
    }

    pub(crate) fn needed(&self, key: &str) -> Result<String, String> {
        self.get(key).map(str::to_owned).ok_or_else(|| format!("{key} is missing"))
    }
}

/// As many as were asked for.
fn blocks(text: &str, expected: usize) -> Result<Vec<Block<'_>>, String> {
    let blocks = blocks_of_any(text);
    match blocks.len() {
        found if found == expected => Ok(blocks),
        found => Err(format!("it tells of {}, not of {expected}", count(found, "unit"))),
    }
}

/// Of however many units there are.
pub(crate) fn blocks_of_any(text: &str) -> Vec<Block<'_>> {
    let text = text.trim_matches('\n');
    if text.is_empty() {
        return Vec::new();
    }
    text.split("\n\n").map(block).collect()
}

fn block(text: &str) -> Block<'_> {
    text.lines().fold(Block::default(), |mut block, line| {
        match line.split_once('=') {
            Some(pair) => block.pairs.push(pair),
            None => block.is_odd = true,
        }
        block
    })
}

/// With the names that were asked for.
fn statuses(text: &str, of: &[UnitName]) -> Result<Sifted<(UnitName, UnitStatus)>, String> {
    let blocks = blocks(text, of.len())?;
    Rows::Units.sift(
        of.iter().zip(&blocks),
        |(name, block)| Ok(((*name).clone(), status(block.whole()?)?)),
        |_, (name, _)| name.qualified().to_string(),
    )
}

fn status(block: &Block<'_>) -> Result<UnitStatus, String> {
    Ok(UnitStatus {
        unit: block.needed("Id")?.parse().map_err(|_| "Id is not the name of a unit")?,
        description: block.get("Description").unwrap_or_default().to_owned(),
        load: block.needed("LoadState")?,
        active: block.needed("ActiveState")?,
        sub: block.needed("SubState")?,
        enabled: block.get("UnitFileState").map(str::to_owned),
        main_pid: block.number("MainPID").and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
        active_since: block.get("ActiveEnterTimestamp").filter(|time| *time != "n/a").map(str::to_owned),
        memory_bytes: block.number("MemoryCurrent"),
        restarts: block.number("NRestarts"),
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

    /// Of as many units; one that is left out is an error.
    fn strictly(text: &str, count: usize) -> Result<Vec<UnitStatus>, String> {
        let names: Vec<UnitName> = (0..count).map(|at| format!("asked-{at}").parse().unwrap()).collect();
        let found = statuses(text, &names)?;
        match found.left_out.first() {
            Some(odd) => Err(odd.to_string()),
            None => Ok(found.rows.into_iter().map(|(_, status)| status).collect()),
        }
    }

    #[test]
    fn an_odd_block_hides_no_other() {
        let names: [UnitName; 2] = ["nginx".parse().unwrap(), "backup".parse().unwrap()];
        for odd in [
            RECORDED.replace("Id=backup.service\n", ""),
            RECORDED.replace("Id=backup.service", "Id=--now"),
            RECORDED.replace("ActiveState=failed", "ActiveState="),
            RECORDED.replace("SubState=failed", "garbage"),
            RECORDED.replace("NRestarts=5", "garbage"),
        ] {
            let found = statuses(&odd, &names).unwrap();
            assert_eq!((found.rows.len(), found.left_out.len()), (1, 1), "{odd}");
            assert_eq!(found.rows[0].1.unit.as_str(), "nginx.service");
            assert_eq!(found.left_out[0].what, "backup.service");
        }
    }

    #[test]
    fn a_recorded_answer() {
        let found = strictly(RECORDED, 2).unwrap();
        assert_eq!(found[0].description, "Nginx = Web Server");
        assert_eq!((found[0].main_pid, found[0].memory_bytes), (Some(42), Some(12_582_912)));
        assert_eq!((found[1].main_pid, found[1].memory_bytes, &found[1].enabled), (None, None, &None));
        assert_eq!((found[1].exit_status, found[1].result.as_deref()), (Some(203), Some("exit-code")));
        let unset = RECORDED.replace("12582912", "18446744073709551615");
        assert_eq!(strictly(&unset, 2).unwrap()[0].memory_bytes, None);
    }

    #[test]
    fn what_does_not_fit() {
        assert!(strictly(RECORDED, 1).is_err() && strictly(RECORDED, 3).is_err());
        for id in ["nginx.service is harmless", "nginx\u{3164}.service", "--now", &"x".repeat(256)] {
            assert!(strictly(&RECORDED.replace("nginx.service", id), 2).is_err(), "{id}");
        }
        assert!(strictly("", 1).is_err() && strictly("hello\n", 1).is_err());
        assert!(strictly(&RECORDED.replace("LoadState=loaded\n", ""), 2).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|LoadState|MainPID)=?[a-z0-9]*\n{0,2}){0,6}", expected in 0..4usize) {
            let _ = strictly(&text, expected);
        }
    }
}
