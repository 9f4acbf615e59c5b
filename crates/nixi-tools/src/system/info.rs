//! `system.info`

use std::fmt;

use futures_util::try_join;
use nixi_core::catalog::{clock, system};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::disk::{Disk, disks};
use super::memory::{Memory, memory};
use super::release::{kernel, line, nixos_version, pretty_name};
use crate::reading::{if_there, parsed};
use crate::table::facts;
use crate::{NoArgs, bytes, span};

/// What machine a node is.
pub struct Info;

/// `data` of `system.info`. What the system does not tell is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InfoReport {
    /// The node's own host name.
    pub host_name: String,
    /// The operating system, as it calls itself.
    pub os: Option<String>,
    /// The version of NixOS; `null` on other systems.
    pub nixos_version: Option<String>,
    /// Name and release of the kernel.
    pub kernel: String,
    /// The machine's architecture.
    pub arch: String,
    /// Main memory and swap.
    pub memory: Option<Memory>,
    /// The root file system.
    pub root_disk: Option<Disk>,
    /// Seconds since boot.
    pub uptime_seconds: Option<u64>,
}

impl Inspect for Info {
    const NAME: ActionName = ActionName::new("system", "info");
    const ABOUT: &'static str = "host name, OS, NixOS version, kernel, memory, root disk, uptime";
    const CAPABILITY: ReadCapability = ReadCapability::SystemStatus;
    type Args = NoArgs;
    type Report = InfoReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<InfoReport, ToolError> {
        let (host_name, (kernel, arch), os, nixos_version, memory, root_disk, uptime_seconds) = try_join!(
            parsed(cx, system::host_name(), line),
            parsed(cx, system::kernel(), kernel),
            if_there(parsed(cx, system::os_release(), |text| Ok(pretty_name(text)))),
            if_there(parsed(cx, system::nixos_version(), nixos_version)),
            if_there(parsed(cx, system::memory(), memory)),
            if_there(parsed(cx, system::root_disk(), |text| Ok(disks(text)?.pop()))),
            if_there(parsed(cx, clock::uptime(), span::since_boot)),
        )?;
        Ok(InfoReport {
            host_name,
            os: os.flatten(),
            nixos_version,
            kernel,
            arch,
            memory,
            root_disk: root_disk.flatten(),
            uptime_seconds,
        })
    }
}

impl fmt::Display for InfoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory.as_ref().map(|memory| bytes::part(memory.used_bytes(), memory.total_bytes));
        let disk = self.root_disk.as_ref().map(|disk| bytes::part(disk.used_bytes, disk.total_bytes));
        facts(
            f,
            0,
            &[
                ("host", Some(self.host_name.clone())),
                ("os", self.os.clone()),
                ("nixos", self.nixos_version.clone()),
                ("kernel", Some(format!("{} ({})", self.kernel, self.arch))),
                ("uptime", self.uptime_seconds.map(span::human)),
                ("memory", memory),
                ("disk /", disk),
            ],
        )
    }
}
