//! `system.info`

use std::fmt;

use nixi_core::catalog::{clock, system};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::disk::{Disk, disks};
use super::memory::{Memory, memory};
use super::release::{host_name, kernel, nixos_version, pretty_name};
use crate::parts::Parts;
use crate::reading::parsed_of;
use crate::rows::{LeftOut, write_left_out};
use crate::table::facts;
use crate::{NoArgs, bytes, span};

/// What machine a node is.
pub struct Info;

/// `data` of `system.info`. What the system does not tell is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InfoReport {
    /// The node's own host name.
    pub host_name: Option<String>,
    /// The operating system, as it calls itself.
    pub os: Option<String>,
    /// The version of NixOS; `null` on other systems.
    pub nixos_version: Option<String>,
    /// Name and release of the kernel.
    pub kernel: Option<String>,
    /// The machine's architecture.
    pub arch: Option<String>,
    /// Main memory and swap.
    pub memory: Option<Memory>,
    /// The root file system.
    pub root_disk: Option<Disk>,
    /// Seconds since boot.
    pub uptime_seconds: Option<u64>,
    /// Parts that were not to be had.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for Info {
    type Args = NoArgs;
    type Report = InfoReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("system", "info"),
            "host name, OS, NixOS version, kernel, memory, root disk, uptime",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<InfoReport, ToolError> {
        let [name, uname, os, nixos, meminfo, uptime, df] = cx
            .gather([
                system::host_name(),
                system::kernel(),
                system::os_release(),
                system::nixos_version(),
                system::memory(),
                clock::uptime(),
                system::root_disk(),
            ])
            .await;
        let mut parts = Parts::default();
        let host_name = parts.take("host", "uname -n", parsed_of(name, host_name))?;
        let (kernel, arch) = parts.take("kernel", "uname -srm", parsed_of(uname, kernel))?.unzip();
        Ok(InfoReport {
            host_name,
            kernel,
            arch,
            os: parts.take_if_there("os", "cat /etc/os-release", parsed_of(os, pretty_name))?,
            nixos_version: parts.take_if_there("nixos", "nixos-version", parsed_of(nixos, nixos_version))?,
            memory: parts.take_if_there("memory", "cat /proc/meminfo", parsed_of(meminfo, memory))?,
            root_disk: parts.take_if_there("disk /", "df", parsed_of(df, root))?,
            uptime_seconds: parts.take_if_there(
                "uptime",
                "cat /proc/uptime",
                parsed_of(uptime, span::since_boot),
            )?,
            left_out: parts.finish()?,
        })
    }
}

fn root(text: &str) -> Result<Disk, String> {
    let found = disks(text)?.rows.into_iter().find(|disk| disk.mount == "/");
    found.ok_or_else(|| "it does not tell of /".to_owned())
}

impl fmt::Display for InfoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory.as_ref().map(|memory| bytes::part(memory.used_bytes(), memory.total_bytes));
        let disk = self.root_disk.as_ref().map(|disk| {
            let (used, total) = (bytes::human(disk.used_bytes), bytes::human(disk.total_bytes));
            format!("{used} of {total} ({} %)", disk.used_percent)
        });
        let kernel = self.kernel.as_ref().map(|kernel| match &self.arch {
            Some(arch) => format!("{kernel} ({arch})"),
            None => kernel.clone(),
        });
        facts(
            f,
            0,
            &[
                ("host", self.host_name.clone()),
                ("os", self.os.clone()),
                ("nixos", self.nixos_version.clone()),
                ("kernel", kernel),
                ("uptime", self.uptime_seconds.map(span::human)),
                ("memory", memory),
                ("disk /", disk),
            ],
        )?;
        write_left_out(f, &self.left_out)
    }
}
