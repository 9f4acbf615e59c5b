//! `system.resources`

use std::fmt;

use futures_util::try_join;
use nixi_core::catalog::system;
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Exit, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::disk::{Disk, disks};
use super::memory::{Memory, memory};
use crate::reading::{if_there, parsed, run_whole, unreadable};
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
    /// What df(1) could not look at.
    pub disks_left_out: Option<String>,
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
    const NAME: ActionName = ActionName::new("system", "resources");
    const ABOUT: &'static str = "memory, swap, load and disk space";
    const CAPABILITY: ReadCapability = ReadCapability::SystemStatus;
    type Args = NoArgs;
    type Report = ResourcesReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ResourcesReport, ToolError> {
        let (memory, load, cpus, (disks, disks_left_out)) = try_join!(
            if_there(parsed(cx, system::memory(), memory)),
            if_there(parsed(cx, system::load(), load)),
            if_there(parsed(cx, system::processors(), |text| {
                text.trim().parse().map_err(|_| "it is not a number".to_owned())
            })),
            all_disks(cx),
        )?;
        Ok(ResourcesReport { memory, load, cpus, disks, disks_left_out })
    }
}

/// df ends with 1 when it may not look at one file system, and still shows the others.
async fn all_disks(cx: &InspectCx<'_>) -> Result<(Vec<Disk>, Option<String>), ToolError> {
    let command = system::disks();
    let (shown, program) = (command.to_string(), command.program());
    let output = run_whole(cx, command).await?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if stdout.is_empty() && stderr.contains("no file systems processed") {
        return Ok((Vec::new(), None));
    }
    let partial = output.exit == Exit::Code(1) && stdout.lines().count() > 1;
    if !output.exit.is_success() && !partial {
        return Err(ToolError::of_output(&shown, program, false, &output));
    }
    let disks = disks(&stdout).map_err(|why| unreadable(&shown, &why))?;
    let left_out = partial.then(|| clean_line(stderr.trim()));
    Ok((disks, left_out))
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
            let full = disk.used_bytes.saturating_add(disk.available_bytes);
            [
                disk.mount.clone(),
                bytes::human(disk.total_bytes),
                bytes::human(disk.used_bytes),
                bytes::human(disk.available_bytes),
                format!("{} %", bytes::percent(disk.used_bytes, full)),
            ]
        });
        if self.disks.is_empty() {
            f.write_str("\n\nno file systems with data of their own")?;
        } else {
            write!(f, "\n\n{table}")?;
        }
        match &self.disks_left_out {
            Some(why) => write!(f, "\nleft out: {}", clean_line(why)),
            None => Ok(()),
        }
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

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([0-9e.]{0,9} ?){0,4}") {
            let _ = load(&text);
        }
    }
}
