//! `nixos.channels`

use std::collections::BTreeMap;
use std::fmt;

use nixi_core::catalog::{channel, file, system};
use nixi_core::command::{ChannelName, FilePath};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::channel::{Channel, fetched, listed, made, number_of, releases, without_login};
use super::flake_lock::{Input, inputs};
use super::place::path;
use super::root_channels::is_on;
use crate::NoArgs;
use crate::file::real_told;
use crate::parts::Parts;
use crate::reading::{parsed_of, whole_of};
use crate::rows::{LeftOut, Sifted, write_left_out};
use crate::table::{Column, Table};

/// How much of a lock file is read, in bytes.
pub(super) const MOST: usize = 1024 * 1024;

/// What the system of a node is built of: root's channels, and the inputs of its flake.
pub struct Channels;

/// `data` of `nixos.channels`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChannelsReport {
    /// What rebuilds take.
    pub used: Used,
    /// The channels of root, by their names.
    pub channels: Vec<Channel>,
    /// The number of the generation of channels in use; `null` where none was ever fetched.
    pub generation: Option<u64>,
    /// When that generation was made, in RFC 3339, UTC.
    pub fetched: Option<String>,
    /// The inputs that the flake of the node names, as its lock file pins them.
    pub inputs: Vec<Input>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

/// What the system of a node is built of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Used {
    /// Root's channels.
    Channels,
    /// The inputs of the flake in `/etc/nixos`, which goes before channels.
    Flake,
    /// Neither: there is no flake there, and channels are off (`nix.channel.enable = false`).
    Neither,
}

impl Inspect for Channels {
    type Args = NoArgs;
    type Report = ChannelsReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("nixos", "channels"),
            "channels or flake inputs of the system",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ChannelsReport, ToolError> {
        let flake = path("/etc/nixos/flake.nix")?;
        let [version, program, list, links, current, generations, real] = cx
            .gather([
                system::nixos_version(),
                channel::program(),
                channel::list(),
                channel::fetched(),
                channel::current(),
                channel::generations(),
                file::real(&flake),
            ])
            .await;
        if let Err(ToolError::ProgramMissing(_)) = parsed_of(version, |_| Ok(())) {
            let message = format!("{} is not a NixOS machine: it has no nixos-version", cx.node().name());
            return Err(ToolError::NotFound { message, hint: None });
        }
        let mut parts = Parts::default();
        let is_on = is_on(program)?;
        let mut channels = BTreeMap::new();
        if is_on {
            let listed = parsed_of(list, listed);
            if let Some(Sifted { rows, left_out }) =
                parts.take("addresses of the channels", "nix-channel", listed)?
            {
                parts.leave_out(left_out);
                for row in rows {
                    let row = (row.name.to_string(), Some(without_login(&row.url)));
                    channels.insert(row.0.clone(), Channel { name: row.0, url: row.1, ..Channel::default() });
                }
            }
        }
        let links = parsed_of(links, fetched);
        let mut names: Vec<ChannelName> = Vec::new();
        if let Some(Sifted { rows, left_out }) = parts.take_if_there("channels", "find", links)? {
            parts.leave_out(left_out);
            for row in rows {
                let name = row.name.to_string();
                channels.entry(name.clone()).or_insert(Channel { name, ..Channel::default() }).path =
                    Some(row.path);
                names.push(row.name);
            }
        }
        let current = parts.take_if_there("generation", "readlink", parsed_of(current, number))?;
        let generations = parts.take_if_there("generation", "find", parsed_of(generations, made))?;
        let fetched = generations
            .and_then(|made| made.rows.into_iter().find(|made| Some(made.number) == current))
            .map(|made| made.made);
        let [told] = cx.gather([channel::releases(&names)]).await;
        let mut told = releases(&String::from_utf8_lossy(&whole_of(told)?.stdout));
        for (name, channel) in &mut channels {
            let release = told.remove(name).unwrap_or_default();
            (channel.release, channel.revision) = (release.version, release.revision);
        }
        let real = real_told(cx, &flake, real)?;
        let inputs = match &real {
            Some(flake) => self::inputs_of(cx, flake, &mut parts).await?,
            None => Vec::new(),
        };
        let used = match (real.is_some(), is_on) {
            (true, _) => Used::Flake,
            (false, true) => Used::Channels,
            (false, false) => Used::Neither,
        };
        let channels = channels.into_values().collect();
        Ok(ChannelsReport { used, channels, generation: current, fetched, inputs, left_out: parts.finish()? })
    }
}

fn number(link: &str) -> Result<u64, String> {
    number_of(link).ok_or_else(|| "it is not the link of a generation".to_owned())
}

/// The lock file beside a flake.
pub(super) fn lock_of(flake: &FilePath) -> Result<FilePath, ToolError> {
    path(&format!("{}/flake.lock", flake.folder().trim_end_matches('/')))
}

async fn inputs_of(cx: &InspectCx<'_>, flake: &FilePath, parts: &mut Parts) -> Result<Vec<Input>, ToolError> {
    let lock = lock_of(flake)?;
    let [text] = cx.gather([file::beginning(&lock, MOST)]).await;
    let read = parts.take(lock.as_str(), "head", parsed_of(text, inputs))?;
    let Some(Sifted { rows, left_out }) = read else { return Ok(Vec::new()) };
    parts.leave_out(left_out);
    Ok(rows)
}

impl fmt::Display for ChannelsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.used {
            Used::Channels => {}
            Used::Flake => write!(f, "Rebuilds of this node take its flake, and the inputs that it locks.")?,
            Used::Neither => {
                write!(
                    f,
                    "Channels are off on this node (nix.channel.enable = false), and it has no flake."
                )?;
            }
        }
        if !self.inputs.is_empty() {
            let header = [
                ("INPUT", Column::Whole),
                ("TYPE", Column::Whole),
                ("FROM", Column::Elastic),
                ("REVISION", Column::Elastic),
                ("MODIFIED (UTC)", Column::Whole),
            ];
            let table = Table::new(header).rows(&self.inputs, |input| {
                [
                    input.name.clone(),
                    input.kind.clone(),
                    input.from.clone().unwrap_or_default(),
                    input.revision.clone().unwrap_or_default(),
                    shown(input.modified.as_deref()),
                ]
            });
            write!(f, "\n\n{table}")?;
        }
        if self.channels.is_empty() {
            if self.used == Used::Channels {
                write!(f, "Root has no channels.")?;
            }
            return write_left_out(f, &self.left_out);
        }
        if self.used != Used::Channels {
            write!(f, "\n\n")?;
        }
        let header = [("CHANNEL", Column::Whole), ("RELEASE", Column::Elastic), ("URL", Column::Elastic)];
        let table = Table::new(header).rows(&self.channels, |channel| {
            let release = match (&channel.release, &channel.revision, &channel.path) {
                (Some(told), _, _) | (None, Some(told), _) => told.clone(),
                (None, None, Some(_)) => String::new(),
                (None, None, None) => "never fetched".to_owned(),
            };
            [channel.name.clone(), release, channel.url.clone().unwrap_or_default()]
        });
        table.fmt(f)?;
        if let (Some(number), Some(fetched)) = (self.generation, &self.fetched) {
            write!(f, "\n\nGeneration {number} of the channels, of {} UTC.", shown(Some(fetched)))?;
        }
        write_left_out(f, &self.left_out)
    }
}

/// A point in time for people.
fn shown(time: Option<&str>) -> String {
    time.unwrap_or_default().trim_end_matches('Z').replace('T', " ")
}
