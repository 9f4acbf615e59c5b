//! What has to be known of a node before a container is made there: all of it in one exec.

use std::collections::BTreeMap;

use nixi_core::catalog::{container, service};
use nixi_core::command::{ContainerCli, ContainerName, FilePath, ImageName};
use nixi_core::{Command, EndState, Expectation, PlanCx, Read, ReadAnswer, Thing, ToolError};
use serde::de::IgnoredAny;

use super::super::ps::{Container, containers};
use super::super::store::Ground;
use super::args::DeployArgs;
use super::label::LABEL;
use super::network::{Network, OWN, network};
use crate::reading::{json, parsed_of, unreadable};

/// What was found out.
pub(super) struct Look {
    pub(super) cli: ContainerCli,
    /// The image, if it is on the node.
    pub(super) image: Option<Image>,
    pub(super) network: Network,
    /// The names of podman's secrets, a line each.
    pub(super) secrets: String,
    /// Whether `podman inspect` keeps secrets to itself that are handed over as variables.
    pub(super) hides_variables: bool,
    /// The ids of the containers of that name, a line each.
    pub(super) named: String,
    pub(super) folders: Vec<Folder>,
    /// Whether podman starts containers again when the node boots.
    pub(super) is_started_at_boot: bool,
    /// The containers that an interrupted update of this name left behind.
    pub(super) left: Vec<Container>,
    /// What is relied on.
    pub(super) pins: Vec<Expectation>,
}

/// An image on the node.
pub(super) struct Image {
    pub(super) id: String,
    /// Whether it was made on the node, and comes from no registry.
    pub(super) is_local: bool,
    /// The folders that it keeps in volumes.
    pub(super) volumes: Vec<String>,
    /// The ports that it listens at, as `5432/tcp`.
    pub(super) ports: Vec<String>,
    /// What it runs: its entry point and, behind it, its command.
    pub(super) entry_point: Vec<String>,
    pub(super) command: Vec<String>,
}

/// A folder of the node for a container.
pub(super) struct Folder {
    pub(super) path: FilePath,
    pub(super) is_there: bool,
    /// Whether a volume is kept in it, or only another folder.
    pub(super) is_for_a_volume: bool,
}

impl Look {
    /// Whether `podman inspect` would show secrets of these parameters that are handed over as variables.
    pub(super) fn would_show(&self, args: &DeployArgs) -> bool {
        has_secrets(self.cli) && !args.secrets.is_empty() && !self.hides_variables
    }
}

/// Looks at the node for a container of this name, an image, and folders.
pub(super) async fn look(
    cx: &PlanCx<'_>,
    ground: Ground,
    name: &ContainerName,
    image: &ImageName,
    folders: Vec<FilePath>,
) -> Result<Look, ToolError> {
    let Ground { cli, may_have_containers } = ground;
    let mut reads: Vec<Command<Read>> = vec![service::podman_restart()];
    // Podman makes its store at its first call by root: where it was never used, there is nothing.
    if may_have_containers {
        reads.extend([container::image(cli, image), container::networks(cli), container::named(cli, name)]);
        reads.push(container::set_aside(cli, LABEL));
        if has_secrets(cli) {
            reads.extend([container::secrets(cli), container::version(cli)]);
        }
    }
    let above = above(name, &folders);
    reads.extend(folders.iter().flat_map(|path| [container::data_folder(path), container::has_data(path)]));
    reads.extend(above.iter().map(container::has_data));
    let mut answers = cx.gather_each(reads).await.into_iter();
    let mut look = Look {
        cli,
        image: None,
        network: Network::Missing,
        secrets: String::new(),
        hides_variables: false,
        named: String::new(),
        folders: Vec::with_capacity(folders.len()),
        is_started_at_boot: false,
        left: Vec::new(),
        pins: Vec::new(),
    };
    // Where systemd does not answer, it starts nothing.
    look.is_started_at_boot = next(&mut answers)?.stdout().is_ok_and(|told| told.trim() == "enabled");
    if may_have_containers {
        let (image, pin) = image_of(image, next(&mut answers)?)?;
        look.image = image;
        look.pins.extend(pin);
        look.network = parsed_of(next(&mut answers)?, network)?;
        let (named, pin) = next(&mut answers)?
            .pinned(format!("no other container of {} is called {name}", cx.node().name()))?;
        look.named = named;
        look.pins.push(pin);
        let runtime = cx.settings().runtime;
        let set_aside = parsed_of(next(&mut answers)?, |text| containers(runtime, text))?;
        look.left = set_aside.rows.into_iter().filter(|row| row.is_left_of(name.as_str())).collect();
        if has_secrets(cli) {
            look.secrets = next(&mut answers)?.stdout()?;
            look.hides_variables = hides_variables(&next(&mut answers)?.stdout()?);
        }
    }
    if cx.declared().end_state(&Thing::Network(OWN)) == Some(EndState::Is("there")) {
        look.network = Network::Own;
    }
    for path in folders {
        let (leads_to, pin) =
            next(&mut answers)?.pinned(format!("no link leads from {path} to elsewhere"))?;
        if leads_to.strip_suffix('\0') != Some(path.as_str()) {
            let message = format!(
                "{path} on {} leads to {:?}: a container's data stays below its own folder",
                cx.node().name(),
                leads_to.trim_end_matches('\0')
            );
            return Err(ToolError::BadArgument { message, hint: Some("give it another folder".to_owned()) });
        }
        let is_there = next(&mut answers)?.output()?.exit.is_success();
        look.pins.push(pin);
        look.folders.push(Folder { path, is_there, is_for_a_volume: true });
    }
    for path in above {
        let is_there = next(&mut answers)?.output()?.exit.is_success();
        look.folders.push(Folder { path, is_there, is_for_a_volume: false });
    }
    Ok(look)
}

/// Takes the image of this id for the one that the name stands for: a tag moves, and what an image runs is its own.
pub(super) async fn look_at_image(cx: &PlanCx<'_>, look: &mut Look, id: &ImageName) -> Result<(), ToolError> {
    let [answer] = cx.gather([container::image(look.cli, id)]).await;
    let (Some(image), pin) = image_of(id, answer)? else {
        let message =
            format!("the image that the container was made of is no longer on {}", cx.node().name());
        let hint = "`nixi call container.update` makes it of another one".to_owned();
        return Err(ToolError::NotFound { message, hint: Some(hint) });
    };
    look.image = Some(image);
    look.pins.extend(pin);
    Ok(())
}

/// The folders above these, down from the container's own; each once.
fn above(name: &ContainerName, folders: &[FilePath]) -> Vec<FilePath> {
    let own = format!("/srv/{name}");
    let mut above: Vec<FilePath> = Vec::new();
    for folder in folders {
        let ends = folder.as_str().match_indices('/').map(|(at, _)| at).filter(|at| *at >= own.len());
        for path in ends.filter_map(|end| folder.as_str().get(..end)?.parse().ok()) {
            if !above.contains(&path) && !folders.contains(&path) {
                above.push(path);
            }
        }
    }
    above
}

fn next(answers: &mut impl Iterator<Item = ReadAnswer>) -> Result<ReadAnswer, ToolError> {
    answers.next().ok_or_else(|| unreadable("podman", "an answer is missing"))
}

/// Whether the runtime keeps secrets by itself. Docker does only in a swarm.
pub(in crate::container) fn has_secrets(cli: ContainerCli) -> bool {
    match cli {
        ContainerCli::Podman | ContainerCli::Shim => true,
        ContainerCli::Docker => false,
    }
}

/// The id, names, names by digest, volumes, ports, entry point and command of an image.
type Told = (String, Words, Words, Declared, Declared, Words, Words);
type Words = Option<Vec<String>>;
type Declared = Option<BTreeMap<String, IgnoredAny>>;

/// Podman masks such variables since version 5.3.
fn hides_variables(version: &str) -> bool {
    let mut numbers = version.trim().split('.').map(|number| number.parse::<u32>().ok());
    let version = (numbers.next().flatten(), numbers.next().flatten());
    matches!(version, (Some(major), Some(minor)) if (major, minor) >= (5, 3))
}

/// The image on the node, pinned; nothing if it is not there.
fn image_of(name: &ImageName, answer: ReadAnswer) -> Result<(Option<Image>, Option<Expectation>), ToolError> {
    let shown = answer.command().to_string();
    if answer.failure().is_some_and(|stderr| is_no_image(&stderr)) {
        return Ok((None, None));
    }
    let (line, pin) = answer.pinned(format!("{name} is the same image"))?;
    let (id, names, digests, volumes, ports, entry_point, command) =
        json::<Told>(&line).map_err(|why| unreadable(&shown, &why))?;
    let is_local = names.unwrap_or_default().iter().any(|name| name.starts_with("localhost/"))
        || digests.unwrap_or_default().is_empty();
    let keys = |declared: Declared| declared.unwrap_or_default().into_keys().collect();
    let (volumes, ports) = (keys(volumes), keys(ports));
    let (entry_point, command) = (entry_point.unwrap_or_default(), command.unwrap_or_default());
    Ok((Some(Image { id, is_local, volumes, ports, entry_point, command }), Some(pin)))
}

/// In the words of podman and docker.
fn is_no_image(stderr: &str) -> bool {
    let stderr = stderr.to_ascii_lowercase();
    ["no such image", "no such object", "image not known", "unable to find a name and tag match"]
        .iter()
        .any(|words| stderr.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podman_5_3_hides_variables() {
        for (version, hides) in [
            ("5.3.0", true),
            ("5.4.1\n", true),
            ("6.0.0-dev", true),
            ("5.2.3", false),
            ("4.3.1", false),
            ("", false),
            ("x.y", false),
        ] {
            assert_eq!(hides_variables(version), hides, "{version}");
        }
    }
}
