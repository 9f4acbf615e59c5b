//! `nixos.collect_garbage`

use std::time::Duration;

use nixi_core::catalog::{clock, nixos};
use nixi_core::command::Program;
use nixi_core::instant::Instant;
use nixi_core::{
    ActionName, Change, ChangeCard, Command, Plan, PlanCx, Read, Risk, ToolError, Undo, Write,
    WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::generation::{Generation, generations};
use super::generations::boot_default;
use super::rollback::store_path;
use super::switch::{PATIENCE, profile, switch_to};
use crate::reading::{parsed_of, unreadable};
use crate::rows::Sifted;
use crate::table::count;

/// How long the collection may take.
const COLLECTION: Duration = Duration::from_secs(3 * 3600);
/// How old what goes is at least, in seconds, unless a number is given.
const OLD: i64 = 30 * 24 * 3600;

/// Removes old generations of the system, and what nothing leads to in the Nix store.
pub struct CollectGarbage;

/// Parameters of `nixos.collect_garbage`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectGarbageArgs {
    /// Newest generations to keep; else 30 days
    pub keep: Option<u32>,
}

impl Change for CollectGarbage {
    type Args = CollectGarbageArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "collect_garbage"),
            "remove old generations and garbage of the Nix store",
            WriteCapability::NixosConfig,
            Risk::Destructive,
        )
        .example(json!({"keep": 5}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: CollectGarbageArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let [links, boot, running] = cx
            .pin_all([
                (format!("{node}: the same generations"), nixos::generations()),
                (format!("{node}: the same generation boots next"), nixos::boot_default()),
                (format!("{node}: the same system runs, and the same was booted"), nixos::running()),
            ])
            .await;
        let [now] = cx.gather([clock::date()]).await;
        let ((links, same), (boot, boots), (running, runs)) = (links?, boot?, running?);
        let now = parsed_of(now, seconds)?;
        // All of it has to be read: what is not known of might be what must stay.
        let told = |command: Command<Read>, why: String| unreadable(&command.to_string(), &why);
        let next = boot_default(&boot).map_err(|why| told(nixos::boot_default(), why))?;
        let in_use = in_use(&running).map_err(|why| told(nixos::running(), why))?;
        let Sifted { rows, left_out } =
            generations(&links, Some(next), None).map_err(|why| told(nixos::generations(), why))?;
        if let Some(odd) = left_out.first() {
            return Err(told(nixos::generations(), odd.to_string()));
        }
        let Some(booting) = rows.iter().find(|row| row.number == next) else {
            return Err(told(nixos::generations(), format!("generation {next} boots next and is not there")));
        };
        let booting = store_path(&booting.path)?;
        // A specialisation runs as a part of some generation, and nothing tells of which.
        let is_listed = |path: &&str| rows.iter().any(|row| row.path == **path);
        let all_listed = in_use.iter().all(is_listed);
        let gone = match all_listed {
            true => gone(&rows, next, &in_use, args.keep, now),
            false => Vec::new(),
        };
        let summary = match gone.len() {
            0 => format!("collect garbage on {node}; every generation stays"),
            some => format!("remove {} and collect garbage on {node}", count(some, "old generation")),
        };
        let undo = Undo::cannot("what is removed cannot be brought back");
        let mut plan = Plan::new(summary, Risk::Destructive, undo).expect(same).expect(boots).expect(runs);
        if !gone.is_empty() {
            let numbers = gone.iter().map(|row| row.number.to_string());
            let delete = profile().arg("--delete-generations").args(numbers);
            // Before what they lead to goes: the boot menu never has an entry that cannot boot.
            plan = plan
                .warn(format!("these generations go for good: {}", named(&gone)))
                .step(delete.lasting(PATIENCE));
        }
        if !all_listed {
            let what =
                "no generation is removed: what runs is none of them by itself (a specialisation, or a test)";
            plan = plan.warn(what);
        }
        // Also for those that somebody else removed.
        plan = plan.step(switch_to(&booting, "boot").lasting(PATIENCE));
        let collect = Command::<Write>::new(Program::new("nix-store")).arg("--gc");
        Ok(plan.step(collect.lasting(COLLECTION)))
    }
}

/// The seconds since 1970, on the third line of what the clock says.
fn seconds(date: &str) -> Result<i64, String> {
    let third = date.lines().nth(2).and_then(|line| line.trim().parse().ok());
    third.ok_or_else(|| "it tells no seconds since 1970".to_owned())
}

/// The system that runs, and the one that was booted.
fn in_use(text: &str) -> Result<[&str; 2], String> {
    match text.lines().collect::<Vec<_>>()[..] {
        [running, booted] if [running, booted].iter().all(|path| path.starts_with("/nix/store/")) => {
            Ok([running, booted])
        }
        _ => Err("it is not two paths in the Nix store".to_owned()),
    }
}

/// The generations that go, the oldest first. What runs, was booted or boots next never does, nor the one before that, to which a
/// rollback goes.
fn gone<'a>(
    rows: &'a [Generation],
    next: u64,
    in_use: &[&str; 2],
    keep: Option<u32>,
    now: i64,
) -> Vec<&'a Generation> {
    let before = rows.iter().map(|row| row.number).filter(|number| *number < next).max();
    let is_needed = |row: &Generation| {
        row.number == next || Some(row.number) == before || in_use.contains(&row.path.as_str())
    };
    let is_old = |row: &Generation| Instant::parse(&row.made).is_some_and(|made| now - made.seconds() > OLD);
    let mut newest: Vec<&Generation> = rows.iter().collect();
    newest.sort_by_key(|row| std::cmp::Reverse(row.number));
    let mut gone: Vec<&Generation> = match keep {
        Some(keep) => newest.into_iter().skip(usize::try_from(keep).unwrap_or(usize::MAX)).collect(),
        None => newest.into_iter().filter(|row| is_old(row)).collect(),
    };
    gone.retain(|row| !is_needed(row));
    gone.reverse();
    gone
}

/// As `12 of 2025-11-20`, one after the other.
fn named(rows: &[&Generation]) -> String {
    let one = |row: &&Generation| {
        let day: String = row.made.chars().take(10).collect();
        format!("{} of {day}", row.number)
    };
    rows.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 24 * 3600;
    const NOW: i64 = 1_764_000_000;

    /// Generations of these ages in days, the first of which is number 1.
    fn rows(ages: &[i64]) -> Vec<Generation> {
        let row = |(at, age): (usize, &i64)| Generation {
            number: u64::try_from(at).unwrap() + 1,
            made: Instant::of_seconds(NOW - age * DAY).rfc3339(),
            nixos_version: None,
            boots_next: false,
            runs: false,
            path: format!("/nix/store/{}", at + 1),
        };
        ages.iter().enumerate().map(row).rev().collect()
    }

    fn numbers(rows: &[Generation], next: u64, in_use: [&str; 2], keep: Option<u32>) -> Vec<u64> {
        gone(rows, next, &in_use, keep, NOW).iter().map(|row| row.number).collect()
    }

    #[test]
    fn what_is_old_goes_and_what_is_needed_stays() {
        let rows = rows(&[400, 300, 200, 100, 90, 31, 29, 1]);
        let newest = ["/nix/store/8", "/nix/store/8"];
        assert_eq!(numbers(&rows, 8, newest, None), [1, 2, 3, 4, 5, 6]);
        assert_eq!(numbers(&rows, 8, newest, Some(3)), [1, 2, 3, 4, 5]);
        // The one that boots next and the one before it, the one that runs, and the one that was booted.
        assert_eq!(numbers(&rows, 5, ["/nix/store/2", "/nix/store/1"], Some(0)), [3, 6, 7, 8]);
        assert_eq!(numbers(&rows, 1, ["/nix/store/1", "/nix/store/1"], None), [2, 3, 4, 5, 6]);
        assert!(numbers(&rows, 8, newest, Some(8)).is_empty());
    }

    #[test]
    fn what_is_in_use_is_two_systems_or_nothing_is_removed() {
        assert!(in_use("/nix/store/a\n/nix/store/b\n").is_ok());
        for odd in
            ["", "/nix/store/a\n", "/nix/store/a\n/run/booted-system\n", "/nix/store/a\n/nix/store/b\nc\n"]
        {
            assert!(in_use(odd).is_err(), "{odd}");
        }
        assert_eq!(seconds("2026-11-28T02:22:04:+00:00\nUTC\n1764000000\n"), Ok(NOW));
        assert!(seconds("x").is_err());
    }

    proptest! {
        #[test]
        fn what_is_needed_never_goes(
            ages in prop::collection::vec(0_i64..1000, 1..20), next in any::<prop::sample::Index>(),
            running in any::<prop::sample::Index>(), booted in any::<prop::sample::Index>(), keep in prop::option::of(0_u32..25),
        ) {
            let rows = rows(&ages);
            let (next, running, booted) = (next.get(&rows), running.get(&rows), booted.get(&rows));
            let gone = numbers(&rows, next.number, [&running.path, &booted.path], keep);
            for needed in [next.number, next.number - 1, running.number, booted.number] {
                prop_assert!(!gone.contains(&needed));
            }
        }
    }
}
