//! `system.resources`

use std::fmt;

use futures_util::join;
use nixi_core::catalog::system;
use nixi_core::{ActionName, Exit, Inspect, InspectCx, ReadCapability, ReadCard, ToolError, said};
use schemars::JsonSchema;
use serde::Serialize;

use super::disk::{Disk, disks, disks_with_data};
use super::memory::{Memory, memory};
use crate::parts::Parts;
use crate::reading::{parsed_of, run_whole, unreadable};
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::{Column, Table, facts};
use crate::{NoArgs, bytes};

/// What a node has left.
pub struct Resources;

/// `data` of `system.resources`. What the system does not tell is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResourcesReport {
    /// Main memory and swap.
    pub memory: Option<Memory>,
    /// How many tasks wanted a processor.
    pub load: Option<Load>,
    /// How many processors may be used.
    pub cpus: Option<u32>,
    /// File systems with data of their own, by mount point.
    pub disks: Vec<Disk>,
    /// File systems that could not be looked at, and parts that were not to be had.
    pub left_out: Vec<LeftOut>,
}

/// Load averages.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Load {
    /// Over one minute.
    pub one: f64,
    /// Over five minutes.
    pub five: f64,
    /// Over fifteen minutes.
    pub fifteen: f64,
}

impl Inspect for Resources {
    type Args = NoArgs;
    type Report = ResourcesReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("system", "resources"),
            "memory, swap, load and disk space",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ResourcesReport, ToolError> {
        // df waits for every network share, so that it holds up none of the others.
        let ([meminfo, loadavg, nproc], disks) =
            join!(cx.gather([system::memory(), system::load(), system::processors()]), all_disks(cx));
        let mut parts = Parts::default();
        let memory = parts.take_if_there("memory", "cat /proc/meminfo", parsed_of(meminfo, memory))?;
        let load = parts.take_if_there("load", "cat /proc/loadavg", parsed_of(loadavg, load))?;
        let cpus = parts.take_if_there("processors", "nproc", parsed_of(nproc, processors))?;
        let disks = parts.take("disks", "df", disks)?.map(|Sifted { rows, left_out }| {
            parts.leave_out(left_out);
            rows
        });
        Ok(ResourcesReport {
            memory,
            load,
            cpus,
            disks: disks.unwrap_or_default(),
            left_out: parts.finish()?,
        })
    }
}

/// df ends with 1 when it may not look at one file system, and still shows the others.
async fn all_disks(cx: &InspectCx<'_>) -> Result<Sifted<Disk>, ToolError> {
    let mut command = system::disks();
    let mut output = run_whole(cx, command.clone()).await?;
    let mut read: fn(&str) -> Result<Sifted<Disk>, String> = disks;
    for other in [system::all_disks_by_kind(), system::all_disks()] {
        if output.exit.is_success() || !knows_no_such_option(&output.stderr) {
            break;
        }
        output = run_whole(cx, other.clone()).await?;
        (command, read) = (other, disks_with_data);
    }
    let (shown, program) = (command.to_string(), command.program());
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if stdout.is_empty() && stderr.contains("no file systems processed") {
        return Ok(Sifted::none());
    }
    if !output.exit.is_success() && stdout.lines().count() <= 1 {
        return Err(ToolError::of_output(&shown, program, false, &output));
    }
    let mut found = read(&stdout).map_err(|why| unreadable(&shown, &why))?;
    let mut said = stderr.lines().filter(|line| !said::is_remark(line)).peekable();
    match output.exit {
        Exit::Code(0) => {}
        Exit::Code(1) if said.peek().is_some() => found.left_out.extend(said.map(not_looked_at)),
        exit @ (Exit::Code(_) | Exit::Signal(_)) => {
            found.left_out.push(LeftOut::new("disks", &format!("`df` did not show all of them ({exit})")));
        }
    }
    Ok(found)
}

/// BusyBox has no `--exclude-type`, and tells of all file systems; some have no `-T` either.
fn knows_no_such_option(stderr: &[u8]) -> bool {
    let stderr = String::from_utf8_lossy(stderr);
    ["unrecognized option", "unknown option", "invalid option", "illegal option"]
        .iter()
        .any(|words| stderr.contains(words))
}

/// `df: /mnt/nas: Stale file handle`
fn not_looked_at(line: &str) -> LeftOut {
    let line = line.trim();
    match line.strip_prefix("df: ").and_then(|rest| rest.rsplit_once(": ")) {
        Some((mount, why)) => LeftOut::new(mount.trim_matches(['\'', '‘', '’']), why),
        None => LeftOut::new("disks", line),
    }
}

fn processors(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| "it is not a number".to_owned())
}

fn load(text: &str) -> Result<Load, String> {
    let mut numbers =
        text.split(' ').map(|word| word.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0));
    let mut next =
        || numbers.next().flatten().ok_or_else(|| "it does not begin with three numbers".to_owned());
    Ok(Load { one: next()?, five: next()?, fifteen: next()? })
}

impl fmt::Display for ResourcesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory.as_ref();
        let swap = memory.map(|memory| match memory.swap_total_bytes {
            0 => "none".to_owned(),
            total => bytes::part(total.saturating_sub(memory.swap_free_bytes), total),
        });
        let load = self.load.map(|load| {
            let cpus =
                self.cpus.map(|cpus| format!(" on {}", crate::table::count(cpus as usize, "processor")));
            format!("{:.2}, {:.2}, {:.2}{}", load.one, load.five, load.fifteen, cpus.unwrap_or_default())
        });
        let memory = memory.map(|memory| bytes::part(memory.used_bytes(), memory.total_bytes));
        facts(f, 0, &[("memory", memory), ("swap", swap), ("load", load)])?;
        let header = [
            ("MOUNT", Column::Whole),
            ("SIZE", Column::Number),
            ("USED", Column::Number),
            ("FREE", Column::Number),
            ("USE", Column::Number),
        ];
        let table = Table::new(header).rows(&self.disks, |disk| {
            [
                disk.mount.clone(),
                bytes::human(disk.total_bytes),
                bytes::human(disk.used_bytes),
                bytes::human(disk.available_bytes),
                format!("{} %", disk.used_percent),
            ]
        });
        match (self.disks.as_slice(), self.left_out.as_slice()) {
            ([], []) => f.write_str("\n\nno file systems with data of their own")?,
            ([], _) => f.write_str("\n")?,
            (_, _) => write!(f, "\n\n{table}")?,
        }
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn loads() {
        assert_eq!(
            load("0.31 0.64 0.60 1/176 24773\n").unwrap(),
            Load { one: 0.31, five: 0.64, fifteen: 0.6 }
        );
        assert!(load("").is_err() && load("NaN 1 1").is_err() && load("1 2").is_err());
    }

    #[test]
    fn what_df_did_not_look_at_is_named() {
        for (line, what, why) in [
            ("df: /mnt/secret: Permission denied", "/mnt/secret", "Permission denied"),
            ("df: '/mnt/a b': Stale file handle", "/mnt/a b", "Stale file handle"),
            (
                "df: cannot read table of mounted file systems",
                "disks",
                "df: cannot read table of mounted file systems",
            ),
        ] {
            assert_eq!(not_looked_at(line), LeftOut::new(what, why));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([0-9e.]{0,9} ?){0,4}") {
            let _ = load(&text);
        }
    }
}
