//! Whether there is something newer of what a node's system is built of, and how it is put in place.

use std::time::Duration;

use nixi_core::catalog::{channel, file, scratch};
use nixi_core::command::{ChannelUrl, Program, ScratchName, SearchEntry, StorePath};
use nixi_core::text::clean;
use nixi_core::{BadWord, Command, ErrorKind, ErrorReport, Expectation, PlanCx, ToolError, Write};

use super::build::Trial;
use super::channel::{Fetched, Release, fetched, made, releases};
use super::channels::{MOST, lock_of};
use super::fetch;
use super::files;
use super::flake_lock::{changes, inputs};
use super::ground::Ground;
use super::place::{Kind, Text};
use super::root_channels::{FETCHING, RootChannels};
use super::switch::Then;
use crate::reading::{parsed_of, unreadable, whole_of};

/// How long a small command on the stage may take.
const STEP: Duration = Duration::from_secs(60);

/// What was found.
pub(super) enum Found {
    /// Nothing newer, in a sentence.
    Nothing(String),
    Newer(Box<Newer>),
}

/// What is newer than what the system is built of.
pub(super) struct Newer {
    sources: Sources,
    /// What it relies on.
    pub(super) expectations: Vec<Expectation>,
    /// What changes of it, a line each.
    pub(super) notes: Vec<String>,
}

/// What a system is built of.
enum Sources {
    /// Root's channels, as they would be after an update: a profile in the store, what is in it, and the generation before.
    Channels { profile: StorePath, fetched: Vec<Fetched>, former: Option<u64> },
    /// Inputs of a flake: its lock file, and the text that it would have.
    Lock { lock: Text, text: String },
}

impl Newer {
    /// Fetches the newest that the channel or the inputs of the node hold, out of sight.
    pub(super) async fn find(
        cx: &PlanCx<'_>,
        ground: &Ground,
        trial: &Trial<'_, '_>,
    ) -> Result<Found, ToolError> {
        match ground.kind {
            Kind::Flake => of_flake(cx, ground, trial).await,
            Kind::Plain | Kind::Elsewhere => of_channel(cx).await,
        }
    }

    /// Has the copy of the configuration be built of it.
    pub(super) async fn put_into(&self, trial: &mut Trial<'_, '_>, ground: &Ground) -> Result<(), ToolError> {
        match &self.sources {
            Sources::Channels { fetched, .. } => {
                trial.look_in(instead(&ground.search_path, fetched));
                Ok(())
            }
            Sources::Lock { lock, text } => trial.put(&lock.path, text).await,
        }
    }

    /// What puts it in place.
    pub(super) async fn then(&self, cx: &PlanCx<'_>, ground: &Ground) -> Result<Vec<Then>, ToolError> {
        match &self.sources {
            Sources::Channels { profile, former, .. } => {
                let set = Then::from(channels().args(["--set", profile.as_str()]).lasting(FETCHING));
                Ok(vec![match former {
                    Some(number) => {
                        let back = channels().arg("--switch-generation").arg(number.to_string());
                        set.or_back(back.elevated())
                    }
                    None => set,
                }])
            }
            Sources::Lock { lock, text } => files::one(cx, ground, lock, text).await,
        }
    }
}

fn channels() -> Command<Write> {
    Command::<Write>::new(Program::new("nix-env")).args(["-p", channel::PROFILE])
}

/// The search path with these in place of root's channels, each by where it is itself: Nix takes what it reads in a profile
/// for something that refers to all of the profile.
fn instead(search_path: &[SearchEntry], fetched: &[Fetched]) -> Vec<SearchEntry> {
    let entry = |text: String| text.parse().ok();
    let below = |place: &str| {
        let rest = place.strip_prefix(channel::PROFILE)?.strip_prefix('/')?;
        let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let channel = fetched.iter().find(|fetched| fetched.name.as_str() == name)?;
        Some(format!("{}{rest}", channel.path))
    };
    let one = |old: &SearchEntry| -> Vec<SearchEntry> {
        let new = match old.as_str().split_once('=') {
            Some((name, place)) => below(place).and_then(|place| entry(format!("{name}={place}"))),
            // In a folder, each is found by its name.
            None if old.as_str().trim_end_matches('/') == channel::PROFILE => {
                let each = fetched.iter().map(|fetched| format!("{}={}", fetched.name, fetched.path));
                return each.filter_map(entry).collect();
            }
            None => below(old.as_str()).and_then(entry),
        };
        vec![new.unwrap_or_else(|| old.clone())]
    };
    search_path.iter().flat_map(one).collect()
}

/// The profile that an update of the channel would make is made on the stage: what is built of it is what is installed then,
/// wherever the channel has got to meanwhile.
async fn of_channel(cx: &PlanCx<'_>) -> Result<Found, ToolError> {
    let node = cx.node().name();
    let roots = RootChannels::of(cx).await?;
    let Some(name) = &roots.nixpkgs else {
        return Err(ToolError::NotFound {
            message: format!("the system of {node} is made of no channel of root's: <nixpkgs> is elsewhere"),
            hint: Some("bring that up to date yourself, then: nixi call nixos.rebuild".to_owned()),
        });
    };
    let Some(url) = roots.url(name) else { return Err(roots.unknown(node.as_str(), name)) };
    let url: ChannelUrl = url.parse().map_err(|error: BadWord| ToolError::BadArgument {
        message: format!("Nixi cannot fetch channel {name} of {node}: {}", error.why()),
        hint: None,
    })?;
    let stage = cx.stage();
    let expression = fetch::expression(&roots.fetched, name, &url);
    let list = stage.write(&on_stage("channels/list.nix")?, expression.into_bytes()).await?;
    let (home, profile) = (stage.path(&on_stage("channels")?), stage.path(&on_stage("channels/profile")?));
    let names = fetch::names(&roots.fetched, name);
    let output = stage.run(scratch::install_channels(&home, &profile, &list, &names), FETCHING).await?;
    if !output.exit.is_success() {
        let said = clean(String::from_utf8_lossy(&output.stderr).trim());
        let message = format!("channel {name} of {node} cannot be fetched, and nothing was changed:\n{said}");
        return Err(ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message)));
    }
    let output = stage.run(scratch::resolved(&profile), STEP).await?;
    let profile: StorePath = String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .parse()
        .map_err(|_| unreadable("readlink", "it printed no path of the Nix store"))?;
    let one = [name.clone()];
    let [before, after, links, generations] = cx
        .gather([
            channel::releases(&one),
            channel::releases_in(&profile, &one),
            channel::fetched_in(&profile),
            channel::generations(),
        ])
        .await;
    let release = |answer| -> Result<Release, ToolError> {
        let text = whole_of(answer)?.stdout;
        Ok(releases(&String::from_utf8_lossy(&text)).remove(name.as_str()).unwrap_or_default())
    };
    let (before, after) = (release(before)?, release(after)?);
    let fetched = parsed_of(links, fetched)?.rows;
    let made = parsed_of(generations, made)?.rows;
    let is_same =
        made.iter().any(|made| Some(made.number) == roots.generation && made.path == profile.as_str());
    let is_known = before.version.is_some() && before.revision.is_some();
    if is_same || (is_known && before == after) {
        let at = after.version.map(|version| format!(": {version}")).unwrap_or_default();
        return Ok(Found::Nothing(nothing(
            node.as_str(),
            &format!("channel {name} holds nothing newer{at}"),
        )));
    }
    Ok(Found::Newer(Box::new(Newer {
        sources: Sources::Channels { profile, fetched, former: roots.generation },
        expectations: roots.expectations(),
        notes: vec![format!("channel {name}: {} → {}", shown(&before), shown(&after))],
    })))
}

/// As `25.05.8123.d98ce345cdab`.
fn shown(release: &Release) -> String {
    release.version.clone().or_else(|| release.revision.clone()).unwrap_or_else(|| "?".to_owned())
}

fn nothing(node: &str, why: &str) -> String {
    format!("nothing to upgrade on {node}: {why} (rebuild to be sure that it runs)")
}

fn on_stage(name: &str) -> Result<ScratchName, ToolError> {
    let bad = |error: BadWord| ToolError::BadArgument { message: error.to_string(), hint: None };
    name.parse().map_err(bad)
}

/// The lock file that an update of all inputs would make is made in the copy.
async fn of_flake(cx: &PlanCx<'_>, ground: &Ground, trial: &Trial<'_, '_>) -> Result<Found, ToolError> {
    let node = cx.node().name();
    if let Some(why) = &ground.unwritable {
        return Err(ToolError::NotFound {
            message: format!("Nixi cannot lock newer inputs on {node}: {why}"),
            hint: Some("update flake.lock where it is kept, and rebuild".to_owned()),
        });
    }
    let path = lock_of(ground.entry(cx)?)?;
    let [old] = cx.gather([file::beginning(&path, MOST)]).await;
    let old = whole_of(old)?;
    let content = match old.exit.is_success() {
        true => {
            Some(String::from_utf8(old.stdout).map_err(|_| unreadable("head", "flake.lock is not UTF-8"))?)
        }
        false => None,
    };
    let text = trial.update_inputs(&path).await?;
    if content.as_ref() == Some(&text) {
        return Ok(Found::Nothing(nothing(node.as_str(), "the inputs of its flake hold nothing newer")));
    }
    // What is declared without this is looked at first.
    if let Some(content) = &content {
        trial.put(&path, content).await?;
    }
    let rows = |text: &str| inputs(text).map(|read| read.rows).unwrap_or_default();
    let notes = changes(&rows(content.as_deref().unwrap_or_default()), &rows(&text));
    let lock = Text { path, content };
    Ok(Found::Newer(Box::new(Newer {
        sources: Sources::Lock { lock, text },
        expectations: Vec::new(),
        notes,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_root_s_channels_is_looked_for_elsewhere() {
        let fetched = ["nixos", "x"].map(|name| Fetched {
            name: name.parse().unwrap(),
            path: format!("/nix/store/new-{name}/{name}"),
        });
        let path: Vec<SearchEntry> = [
            "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos",
            "nixos-config=/etc/nixos/configuration.nix",
            "/nix/var/nix/profiles/per-user/root/channels",
            "lib=/nix/var/nix/profiles/per-user/root/channels/nixos/lib",
            "y=/nix/var/nix/profiles/per-user/root/channels-3-link/x",
            "z=/nix/var/nix/profiles/per-user/root/channels/z",
        ]
        .map(|entry| entry.parse().unwrap())
        .into();
        let told: Vec<String> = instead(&path, &fetched).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "nixpkgs=/nix/store/new-nixos/nixos",
                path[1].as_str(),
                "nixos=/nix/store/new-nixos/nixos",
                "x=/nix/store/new-x/x",
                "lib=/nix/store/new-nixos/nixos/lib",
                path[4].as_str(),
                path[5].as_str(),
            ]
        );
    }
}
