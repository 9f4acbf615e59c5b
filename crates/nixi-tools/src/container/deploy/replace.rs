//! Putting a new container in the place of one that was deployed. The old one stays until the new one is up; if that fails, the
//! old one comes back.

use nixi_core::catalog::container;
use nixi_core::command::{ContainerCli, ContainerId, ContainerName, ImageName};
use nixi_core::{
    ActionName, Command, ErrorKind, ErrorReport, Expectation, NodeName, Plan, PlanCx, Risk, ToolError, Undo,
    Write,
};
use std::time::Duration;

use super::super::identity::{short, shown};
use super::super::list;
use super::super::lookup;
use super::super::ps::has_ended;
use super::super::store::{self, Ground};
use super::args::DeployArgs;
use super::label::{LABEL, SET_ASIDE, digest, label};
use super::look::{look, look_at_image};
use super::recipe::{Pull, Recipe, Steps};
use super::redeploy::RedeployArgs;
use super::{folders, qualified};
use crate::reading::unreadable;

/// How long a container has to stop: its own grace period, and more.
const STOPPING: Duration = Duration::from_secs(600);

/// A container that is there.
pub(super) struct Found {
    pub(super) id: ContainerId,
    /// The id of its image.
    image: String,
    state: String,
    /// How it was deployed; empty if Nixi did not.
    pub(super) label: String,
    /// It is this very container.
    pub(super) pin: Expectation,
}

impl Found {
    /// Whether it surely has no process. Any other state may hide one, such as `stopping`, which podman leaves behind where it
    /// was interrupted.
    fn has_no_process(&self) -> bool {
        has_ended(&self.state) || matches!(self.state.as_str(), "created" | "configured")
    }

    /// How it was deployed, under the name that it is called by.
    fn args(&self, name: &ContainerName, node: &NodeName) -> Result<DeployArgs, ToolError> {
        let bad = |message: String, hint: String| ToolError::BadArgument { message, hint: Some(hint) };
        let args = serde_json::from_str::<DeployArgs>(&self.label).map_err(|_| {
            let id = short(&self.id);
            bad(
                format!("Nixi did not deploy {id} on {node}, so it does not know how to make it again"),
                "change it where it is declared, or remove it and deploy it with container.deploy".to_owned(),
            )
        })?;
        // Its folders, its secrets and its label go by that name; any image or person can write a label.
        match (args.name == *name, self.id.as_str().starts_with(name.as_str())) {
            (true, _) => Ok(args),
            (false, true) => Err(bad(
                format!("{name} is the id of a container on {node}, and it was deployed by name"),
                format!("give its name, as name={}", args.name),
            )),
            (false, false) => Err(bad(
                format!(
                    "Nixi did not deploy {name} on {node} under that name: its label says {}, so it was renamed",
                    args.name
                ),
                format!("rename it back to {}, or remove it and deploy it with container.deploy", args.name),
            )),
        }
    }
}

/// The container of this name, if there is one.
pub(super) async fn found(
    cx: &PlanCx<'_>,
    ground: Ground,
    name: &ContainerName,
) -> Result<Option<Found>, ToolError> {
    if !ground.may_have_containers {
        return Ok(None);
    }
    let [answer] = cx.gather([container::deployed(ground.cli, name, LABEL)]).await;
    if answer.failure().is_some_and(|stderr| stderr.to_ascii_lowercase().contains("no such container")) {
        return Ok(None);
    }
    let shown = answer.command().to_string();
    let (told, pin) = answer.pinned(format!("{name} is the same container, in the same state"))?;
    let bad = || unreadable(&shown, "it is not an id, an image, a state and a label");
    let mut lines = told.splitn(4, '\n');
    let mut line = || lines.next().ok_or_else(bad);
    let (id, image, state, label) = (line()?, line()?, line()?, line()?);
    let id = id.parse().map_err(|_| bad())?;
    let label = match label.trim_end_matches('\n') {
        "<no value>" => "",
        label => label,
    };
    Ok(Some(Found { id, image: image.to_owned(), state: state.to_owned(), label: label.to_owned(), pin }))
}

/// The error for a container that is not the one that was deployed then.
pub(super) fn changed(name: &ContainerName, node: &NodeName) -> ToolError {
    let message = format!("{name} on {node} was changed since: it is not deployed as it was then");
    let hint = format!("`nixi call container.remove names={name} --node {node}` removes it as it is");
    ToolError::Reported(ErrorReport::new(ErrorKind::Changed, message).hint(hint))
}

/// The error for a name that no container has, with what an interrupted update may have made of it.
async fn missing(cx: &PlanCx<'_>, ground: Ground, name: &ContainerName) -> Result<ToolError, ToolError> {
    let there = list::all(cx, ground).await?;
    let left = there.rows.iter().find(|row| row.is_left_of(name.as_str()));
    let Some(left) = left else { return Ok(lookup::not_found(cx, ground.cli, &[name], &there)) };
    let (aside, node, cli) = (shown(&left.id, &left.name), cx.node().name(), ground.cli.program());
    Ok(ToolError::NotFound {
        message: format!("there is no container {name} on {node}: an interrupted update left it as {aside}"),
        hint: Some(format!("`sudo {cli} rename {aside} {name}` there gives it its name back")),
    })
}

/// What the new container is made of.
pub(super) enum Made {
    /// Of these parameters; the image is pulled if it comes from a registry.
    Updated(Box<dyn FnOnce(DeployArgs) -> Result<DeployArgs, ToolError> + Send>),
    /// As it was before, of the image of this id.
    Restored { args: Box<DeployArgs>, image: ImageName, expect: String },
}

/// The plan that puts a new container in the place of the one of this name.
pub(super) async fn replace(
    cx: &PlanCx<'_>,
    action: ActionName,
    name: &ContainerName,
    made: Made,
) -> Result<Plan, ToolError> {
    let node = cx.node().name();
    let ground = store::ground(cx).await;
    let cli = ground.cli;
    let Some(old) = found(cx, ground, name).await? else {
        return Err(missing(cx, ground, name).await?);
    };
    let before = old.args(name, node)?;
    if old.state == "paused" {
        let hint = format!("`nixi call container.unpause names={name} --node {node}` lets it go on");
        return Err(ToolError::BadArgument {
            message: format!("{name} on {node} is paused"),
            hint: Some(hint),
        });
    }
    let (args, same_image) = match made {
        Made::Updated(update) => (update(before.clone())?, None),
        Made::Restored { args, image, expect } => {
            if digest(&old.label) != expect {
                return Err(changed(name, node));
            }
            (*args, Some(image))
        }
    };
    let named = args.image().map_err(|why| unreadable("podman inspect", &why.to_string()))?;
    let mut look = look(cx, ground, name, &named, folders(&args, &before.volumes)?).await?;
    // The name is taken, by the one that is replaced.
    look.named.clear();
    let is_same =
        |id: &ImageName| look.image.as_ref().is_some_and(|image| bare(&image.id) == bare(id.as_str()));
    let moved = same_image.as_ref().filter(|id| !is_same(id));
    if let Some(id) = moved {
        look_at_image(cx, &mut look, id).await?;
    }
    let (image, pull) = match (moved, &same_image, &look.image) {
        (Some(id), _, _) => (id.clone(), Pull::No),
        (None, Some(_), _) => (named, Pull::No),
        (None, None, Some(image)) if image.is_local || named.is_id() => (named, Pull::No),
        (None, None, Some(_)) if look.would_show(&args) => (named, Pull::No),
        (None, None, Some(_) | None) => (qualified(named), Pull::Yes),
    };
    let is_kept_back = match (&same_image, &look.image) {
        (None, Some(found)) => !found.is_local && !image.is_id() && pull == Pull::No,
        (Some(_), _) | (None, None) => false,
    };
    let changes_image =
        pull == Pull::Yes || look.image.as_ref().is_none_or(|image| bare(&image.id) != bare(&old.image));
    if !changes_image && label(&args) == old.label && old.state == "running" {
        let mut nothing = format!("nothing to update: {name} on {node} is deployed like that already");
        if is_kept_back {
            nothing = format!("{nothing}; {}", kept_back(&image, cli));
        }
        return Ok(Plan::nothing(nothing));
    }
    let warning = is_kept_back.then(|| kept_back(&image, cli));
    let recipe = Recipe::new(cx, &args, image, pull, look)?;
    let mut steps = Steps::default();
    recipe.prepare(&mut steps);
    let aside = format!("{}{SET_ASIDE}", short(&old.id));
    let id = old.id.as_str();
    let start = recipe.run("start").args(["--", id]);
    if !old.has_no_process() {
        let stop = recipe.run("stop").args(["--", id]).lasting(STOPPING);
        steps.add_rescued(stop, start);
    }
    let rename = |to: &str| -> Command<Write> { recipe.run("rename").args(["--", id, to]) };
    steps.add_rescued(rename(&aside), rename(name.as_str()));
    recipe.make(&mut steps);
    // Without --force: one that somebody started meanwhile stays. Without --volumes: data stays.
    steps.add(recipe.run("rm").args(["--", id]));
    let old_image: Result<ImageName, _> = old.image.parse();
    let undo = match old_image {
        Ok(image) => {
            let expect = digest(&label(&args));
            Undo::Calls(vec![RedeployArgs { deploy: before, image_id: image, expect }.call(node)])
        }
        Err(_) => Undo::cannot("the image that it was made of has no id"),
    };
    let summary = format!(
        "{} {name} on {node}: a new container of {}{} takes the place of {}",
        action.action(),
        recipe.image,
        if pull == Pull::Yes { ", which is pulled first," } else { "" },
        short(&old.id)
    );
    let plan = Plan::new(summary, Risk::Routine, undo)
        .expect(old.pin)
        .warn(format!("{name} is away while the new one starts; if that fails, the old one is started again"))
        .warn(format!("data that {name} wrote outside /srv/{name} is lost with the old container"));
    let plan = warning.into_iter().fold(plan, Plan::warn);
    Ok(recipe.remarked(steps.put_into(plan)))
}

/// Why an image is not fetched anew from its registry, and how it is. What it runs has to be known when the plan is made.
fn kept_back(image: &ImageName, cli: ContainerCli) -> String {
    format!(
        "{image} is taken as it is on the node: podman before version 5.3 would show secrets if it was pulled by the plan; \
         for a newer one, run `sudo {} pull {image}` there first",
        cli.program()
    )
}

fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}
