//! `container.deploy`: a container made of an image, started, and waited for. What follows on it is in the modules beside it.

mod address;
mod args;
mod label;
mod look;
mod network;
mod port;
mod recipe;
mod redeploy;
mod replace;
mod secret_name;
mod undeploy;
mod update;
mod variable;
mod volume;
mod warnings;

use nixi_core::command::{FilePath, ImageName};
use nixi_core::{
    ActionName, Change, ChangeCard, EndState, ErrorKind, ErrorReport, Plan, PlanCx, Risk, Thing, ToolError,
    Undo, WriteCapability,
};
use serde_json::json;

pub use args::{CommandLine, DeployArgs, Restart};
pub(super) use label::{LABEL, SET_ASIDE};
pub(super) use look::has_secrets;
pub use port::{Ports, PublishedPort};
pub use redeploy::Redeploy;
pub(super) use secret_name::secrets_of;
pub use undeploy::Undeploy;
pub use update::Update;
pub use volume::Volume;
pub(super) use warnings::left_behind;

use self::look::look;
use self::recipe::{Pull, Recipe, Steps};
use self::undeploy::UndeployArgs;
use super::store;

/// Makes a container and starts it.
pub struct Deploy;

const NAME: ActionName = ActionName::new("container", "deploy");

impl Change for Deploy {
    type Args = DeployArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            NAME,
            "make and start a container",
            WriteCapability::Containers,
            Risk::Routine,
        )
        .example(json!({
            "name": "greeter", "image": "localhost/nixi-lab/sleeper:1", "env": {"LANG": "C"}, "volumes": ["data:/data"],
            "restart": "no",
        }))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: DeployArgs) -> Result<Plan, ToolError> {
        let (args, image) = settled(args)?;
        let folders = folders(&args, &[])?;
        let ground = store::ground(cx).await;
        let look = look(cx, ground, &args.name, &image, folders).await?;
        let (name, node) = (args.name.clone(), cx.node().name());
        let is_declared = cx
            .declared()
            .end_state(&Thing::NewContainer(name.clone()))
            .is_some_and(|end_state| end_state != EndState::Gone);
        if !look.named.trim().is_empty() || is_declared {
            let message = format!("there is a container {name} on {node} already");
            let hint = format!("`nixi call container.update name={name} --node {node} …` changes it");
            return Err(ToolError::Reported(ErrorReport::new(ErrorKind::BadArgument, message).hint(hint)));
        }
        let (image, pull) = source(image, &look);
        let args = DeployArgs {
            ports: Some(args.ports.clone().unwrap_or_else(|| usual_ports(&image, &look))),
            ..args
        };
        let recipe = Recipe::new(cx, &args, image, pull, look)?;
        let mut steps = Steps::default();
        recipe.prepare(&mut steps);
        recipe.make(&mut steps);
        let undo = UndeployArgs::of(&recipe).call(node);
        let summary = format!(
            "deploy {name} on {node} from {}{}",
            recipe.image,
            if pull == Pull::Yes { ", which is pulled first" } else { "" }
        );
        let plan = Plan::new(summary, Risk::Routine, Undo::Calls(vec![undo]));
        Ok(recipe.remarked(steps.put_into(plan)))
    }
}

/// The arguments with the image, and with the variable of the image in place of `password`.
fn settled(args: DeployArgs) -> Result<(DeployArgs, ImageName), ToolError> {
    let image = args.image().map_err(|why| ToolError::BadArgument {
        message: format!("{why}"),
        hint: Some("name the image, as image=docker.io/library/postgres:16".to_owned()),
    })?;
    let args = variable::named(DeployArgs { image: Some(image.clone()), ..args }, &image)?;
    match args.env.keys().find(|name| args.secrets.contains_key(*name)) {
        None => Ok((args, image)),
        Some(name) => Err(ToolError::BadArgument {
            message: format!("{name} is given twice: in env and in secrets"),
            hint: Some("leave it out of env if it is a secret, else out of secrets".to_owned()),
        }),
    }
}

/// Those that the image declares, so that what is deployed can be reached as it is meant to be.
fn usual_ports(image: &ImageName, look: &look::Look) -> Ports {
    match &look.image {
        Some(image) => Ports::of_image(image.ports.iter().map(String::as_str)),
        None => Ports::of_image(variable::port(image)),
    }
}

/// The folders of the node for its volumes, in their order. None lies below a folder that a container may write to, by its
/// own volumes or these of the one before it: that container could put a link in its place, which leads out of /srv when
/// the runtime follows it.
fn folders(args: &DeployArgs, before: &[Volume]) -> Result<Vec<FilePath>, ToolError> {
    let bad = |message: String, hint: String| ToolError::BadArgument { message, hint: Some(hint) };
    let folder = |volume: &Volume| volume.folder(&args.name);
    let folders: Result<Vec<_>, String> = args.volumes.iter().map(folder).collect();
    let folders = folders.map_err(|message| {
        bad(message, format!("write data:/var/lib/x, which is /srv/{}/data on the node", args.name))
    })?;
    let writable = || args.volumes.iter().chain(before);
    let nested = args.volumes.iter().find_map(|volume| {
        let above = writable().find(|other| volume.is_below(other, &args.name))?;
        Some((volume, above))
    });
    match nested {
        None => Ok(folders),
        Some((volume, above)) => Err(bad(
            format!(
                "the volume {volume} lies in the folder of {above}, where the container could put a link in its place"
            ),
            "give each volume a folder of its own, as data:/x and conf:/y".to_owned(),
        )),
    }
}

/// The image as it is made of, and whether it is pulled first: one that is there is not, one that is not there comes from
/// Docker Hub unless it names another registry.
fn source(image: ImageName, look: &look::Look) -> (ImageName, Pull) {
    match &look.image {
        Some(_) => (image, Pull::No),
        None => (qualified(image), Pull::Yes),
    }
}

/// With its registry, so that no list of the node's decides where it comes from.
fn qualified(image: ImageName) -> ImageName {
    let whole = match (image.has_registry(), image.as_str().contains('/')) {
        (true, _) => return image,
        (false, true) => format!("docker.io/{image}"),
        (false, false) => format!("docker.io/library/{image}"),
    };
    whole.parse().unwrap_or(image)
}
