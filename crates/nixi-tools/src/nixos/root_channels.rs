//! What root has of channels, as a change of them starts from it.

use std::time::Duration;

use nixi_core::catalog::{channel, file, nixos};
use nixi_core::command::{ChannelName, FilePath, Program, SearchEntry};
use nixi_core::{Command, Expectation, Plan, PlanCx, Read, ReadAnswer, Risk, ToolError, Undo, Write};

use super::channel::{Fetched, Listed, Made, fetched, listed, made, number_of};
use super::place::{path, search_path};
use crate::reading::{parsed, parsed_of, unreadable, whole_of};

/// How long a change of the list of channels may take.
pub(super) const LISTING: Duration = Duration::from_secs(600);
/// How long fetching channels may take.
pub(super) const FETCHING: Duration = Duration::from_secs(3600);

/// Root's channels, and that they are still the same when a plan is applied.
pub(super) struct RootChannels {
    pub(super) listed: Vec<Listed>,
    pub(super) fetched: Vec<Fetched>,
    /// The generation in use; none where no channel was ever fetched.
    pub(super) generation: Option<u64>,
    /// The channel that rebuilds of the node are made of; none where they take a flake or something else.
    pub(super) nixpkgs: Option<ChannelName>,
    expectations: Vec<Expectation>,
}

impl RootChannels {
    pub(super) async fn of(cx: &PlanCx<'_>) -> Result<Self, ToolError> {
        let node = cx.node().name();
        let flake: FilePath = path("/etc/nixos/flake.nix")?;
        let [program, current, links, flake, lines] = cx
            .gather([
                channel::program(),
                channel::current(),
                channel::fetched(),
                file::real(&flake),
                nixos::search_path(),
            ])
            .await;
        // sudo does not tell a program that is missing from one that it has no rule for.
        if !is_on(program)? {
            return Err(off(node.as_str()));
        }
        let was_fetched = whole_of(current)?.exit.is_success();
        let [list, current] = cx
            .pin_all([
                (format!("{node}: the same channels"), channel::list()),
                (format!("{node}: the same generation of channels"), channel::current()),
            ])
            .await;
        let told = |command: Command<Read>, why: String| unreadable(&command.to_string(), &why);
        let (list, same_list) = list?;
        let read = listed(&list).map_err(|why| told(channel::list(), why))?;
        // What cannot be read cannot be put back.
        if let Some(odd) = read.left_out.first() {
            return Err(told(channel::list(), odd.to_string()));
        }
        let mut expectations = vec![same_list];
        let generation = match was_fetched {
            false => None,
            true => {
                let (link, same) = current?;
                expectations.push(same);
                let number = number_of(&link);
                let odd = || told(channel::current(), "it is not the link of a generation".to_owned());
                Some(number.ok_or_else(odd)?)
            }
        };
        let links = whole_of(links)?;
        let fetched = match links.exit.is_success() {
            false => Vec::new(),
            true => {
                let links = fetched(&String::from_utf8_lossy(&links.stdout));
                links.map_err(|why| told(channel::fetched(), why))?.rows
            }
        };
        let nixpkgs = match whole_of(flake)?.exit.is_success() {
            true => None,
            false => nixpkgs_of(&search_path(&String::from_utf8_lossy(&whole_of(lines)?.stdout))),
        };
        Ok(Self { listed: read.rows, fetched, generation, nixpkgs, expectations })
    }

    /// Where this channel comes from.
    pub(super) fn url(&self, name: &ChannelName) -> Option<&str> {
        self.listed.iter().find(|listed| listed.name == *name).map(|listed| listed.url.as_str())
    }

    /// Whether it was fetched.
    pub(super) fn has_fetched(&self, name: &ChannelName) -> bool {
        self.fetched.iter().any(|fetched| fetched.name == *name)
    }

    /// Those that are listed and were never fetched.
    pub(super) fn never_fetched(&self) -> Vec<ChannelName> {
        let names = self.listed.iter().map(|listed| &listed.name);
        names.filter(|name| !self.has_fetched(name)).cloned().collect()
    }

    /// Whether rebuilds of the node are made of this one.
    pub(super) fn is_nixpkgs(&self, name: &ChannelName) -> bool {
        self.nixpkgs.as_ref() == Some(name)
    }

    /// What to rely on.
    pub(super) fn expectations(&self) -> Vec<Expectation> {
        self.expectations.clone()
    }

    /// A plan that relies on all of this. Nothing runs differently by it.
    pub(super) fn plan(&self, cx: &PlanCx<'_>, summary: &str, risk: Risk, undo: Undo) -> Plan {
        let summary = match &self.nixpkgs {
            Some(_) => format!("{summary}; nothing runs differently until a rebuild"),
            None => format!("{summary}; rebuilds of {} do not take root's channels", cx.node().name()),
        };
        self.expectations().into_iter().fold(Plan::new(summary, risk, undo), Plan::expect)
    }

    /// The generations of channels, the newest first.
    pub(super) async fn made(cx: &PlanCx<'_>) -> Result<Vec<Made>, ToolError> {
        Ok(parsed(cx, channel::generations(), made).await?.rows)
    }

    /// `NODE has no channel x`, and which it has.
    pub(super) fn unknown(&self, node: &str, name: &ChannelName) -> ToolError {
        let names: Vec<&str> = self.listed.iter().map(|listed| listed.name.as_str()).collect();
        let hint = match names.is_empty() {
            true => "it has none".to_owned(),
            false => format!("it has {}", names.join(", ")),
        };
        ToolError::NotFound { message: format!("{node} has no channel {name}"), hint: Some(hint) }
    }
}

/// The channel of root's that `<nixpkgs>` is, by the first entry of the search path that has it.
fn nixpkgs_of(search_path: &[SearchEntry]) -> Option<ChannelName> {
    let place = search_path.iter().find_map(|entry| match entry.as_str().split_once('=') {
        Some(("nixpkgs", place)) => Some(place.to_owned()),
        Some(_) => None,
        // In a folder, it is what goes by its name there.
        None => Some(format!("{}/nixpkgs", entry.as_str())),
    });
    place?.strip_prefix(channel::PROFILE)?.strip_prefix('/')?.parse().ok()
}

/// The program that changes root's channels.
pub(super) fn nix_channel() -> Command<Write> {
    Command::<Write>::new(Program::new("nix-channel"))
}

/// Fetches these channels anew, all where none is named: also what was fetched less than an hour ago.
pub(super) fn update(names: &[ChannelName]) -> Command<Write> {
    let update = nix_channel().args(["--option", "tarball-ttl", "0", "--update"]);
    update.args(names.iter().map(ChannelName::as_str))
}

/// Whether channels are on: there is a nix-channel then.
pub(super) fn is_on(program: ReadAnswer) -> Result<bool, ToolError> {
    match parsed_of(program, |_| Ok(())) {
        Ok(()) => Ok(true),
        Err(ToolError::ProgramMissing(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn off(node: &str) -> ToolError {
    ToolError::NotFound {
        message: format!("channels are off on {node}: it has no nix-channel"),
        hint: Some("set nix.channel.enable = true in its configuration, or keep that as a flake".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_made_of_the_channel_that_the_search_path_names_first() {
        let told = |path: &[&str]| {
            let path: Vec<SearchEntry> = path.iter().map(|entry| entry.parse().unwrap()).collect();
            nixpkgs_of(&path).map(|name| name.to_string())
        };
        let usual = format!("nixpkgs={}/nixos", channel::PROFILE);
        assert_eq!(told(&[&usual, "nixos-config=/c.nix", channel::PROFILE]), Some("nixos".to_owned()));
        assert_eq!(told(&["nixos-config=/c.nix", channel::PROFILE, &usual]), Some("nixpkgs".to_owned()));
        for other in [
            &["nixpkgs=flake:nixpkgs", channel::PROFILE][..],
            &["nixpkgs=/srv/nixpkgs", &usual],
            &["/srv"],
            &[],
        ] {
            assert_eq!(told(other), None, "{other:?}");
        }
    }
}
