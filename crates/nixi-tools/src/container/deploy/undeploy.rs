//! `container.undeploy`: what takes a deployment back, and is called by nothing else.

use nixi_core::catalog::container;
use nixi_core::command::{ContainerName, FilePath};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, EndState, NodeName, Plan, PlanCx, Risk, Thing,
    ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::store;
use super::label::{digest, label};
use super::look::has_secrets;
use super::network::{Network, OWN};
use super::recipe::{Recipe, rmdir};
use super::replace::{changed, found};
use super::secret_name::secrets_of;

/// Removes a container that was deployed, and what was made for it.
pub struct Undeploy;

/// Parameters of `container.undeploy`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndeployArgs {
    /// Which one
    #[schemars(with = "String")]
    name: ContainerName,
    /// Stands for how it was deployed
    expect: String,
    /// Folders that were made for it
    #[schemars(with = "Vec<String>")]
    folders: Vec<FilePath>,
    /// Whether the network was made for it
    network: MadeNetwork,
    /// The names of the secrets that were there before
    kept: Vec<String>,
}

/// Whether a deployment made the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MadeNetwork {
    Made,
    Found,
}

const NAME: ActionName = ActionName::new("container", "undeploy");

impl UndeployArgs {
    pub(super) fn of(recipe: &Recipe<'_>) -> Self {
        Self {
            name: recipe.args.name.clone(),
            expect: digest(&label(recipe.args)),
            folders: recipe.new_folders(),
            network: match recipe.look.network {
                Network::Missing => MadeNetwork::Made,
                Network::Default | Network::Own => MadeNetwork::Found,
            },
            kept: recipe.secrets_there(),
        }
    }

    /// The call that takes it back.
    pub(super) fn call(&self, node: &NodeName) -> CallRequest {
        let folders: Vec<&str> = self.folders.iter().map(FilePath::as_str).collect();
        let network = match self.network {
            MadeNetwork::Made => "made",
            MadeNetwork::Found => "found",
        };
        CallRequest::new(NAME.to_string())
            .on(node.as_str())
            .with("name", self.name.as_str())
            .with("expect", self.expect.as_str())
            .with("folders", folders)
            .with("network", network)
            .with("kept", self.kept.clone())
    }
}

impl Change for Undeploy {
    type Args = UndeployArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            NAME,
            "remove a container that was deployed, with what was made for it",
            WriteCapability::Containers,
            Risk::Destructive,
        )
        .example(json!({"name": "greeter", "expect": "0123456789abcdef", "folders": [], "network": "found", "kept": []}))
        .for_undoing_alone()
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: UndeployArgs) -> Result<Plan, ToolError> {
        let (name, node) = (&args.name, cx.node().name());
        let ground = store::ground(cx).await;
        let cli = ground.cli;
        let Some(found) = found(cx, ground, name).await? else {
            return Ok(Plan::nothing(format!("nothing to remove: there is no container {name} on {node}")));
        };
        if digest(&found.label) != args.expect {
            return Err(changed(name, node));
        }
        let mut reads = vec![container::in_network(cli, OWN)];
        reads.extend(has_secrets(cli).then(|| container::secrets(cli)));
        let mut answers = cx.gather_each(reads).await.into_iter();
        let in_network = answers.next().map(nixi_core::ReadAnswer::stdout).transpose()?.unwrap_or_default();
        let secrets = answers.next().map(nixi_core::ReadAnswer::stdout).transpose()?.unwrap_or_default();
        let run = |words: Vec<&str>| Command::<Write>::new(cli.program()).args(words).elevated();
        let summary = format!("remove {name} on {node}, which was deployed, and what was made for it");
        let undo = Undo::cannot("what the container wrote to its unnamed volumes is gone");
        let mut plan = Plan::new(summary, Risk::Destructive, undo)
            .expect(found.pin)
            .warn(format!("data that {name} wrote since it was deployed is lost, except below /srv/{name}"))
            .step(run(cli.words("rm")).args(["--force", "--volumes", "--", found.id.as_str()]));
        let secrets: Vec<String> =
            secrets_of(name, &secrets).into_iter().filter(|name| !args.kept.contains(name)).collect();
        if !secrets.is_empty() {
            plan = plan.step(run(cli.words_of("secret", "rm")).arg("--").args(secrets));
        }
        let is_alone = in_network.lines().all(|id| id == found.id.as_str());
        match (args.network, is_alone) {
            (MadeNetwork::Made, true) => plan = plan.step(Network::remove(cli)),
            (MadeNetwork::Made, false) => {
                plan = plan.warn(format!("the network {OWN} stays: other containers use it by now"));
            }
            (MadeNetwork::Found, _) => {}
        }
        let own = format!("/srv/{name}");
        let is_own =
            |folder: &FilePath| folder.as_str() == own || folder.as_str().starts_with(&format!("{own}/"));
        let folders: Vec<FilePath> = args.folders.into_iter().filter(is_own).collect();
        if let Some(remove) = rmdir(&folders) {
            plan = plan.step(remove);
        }
        Ok(plan.leaves(Thing::NewContainer(name.clone()), EndState::Gone))
    }
}
