//! `nixos.channel_remove`

use nixi_core::command::ChannelName;
use nixi_core::{ActionName, Change, ChangeCard, Plan, PlanCx, Risk, ToolError, WriteCapability};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::channel_add::add_again;
use super::root_channels::{LISTING, RootChannels, nix_channel};

/// Takes a channel from root.
pub struct RemoveChannel;

/// Parameters of `nixos.channel_remove`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveChannelArgs {
    /// Of the channel
    pub name: ChannelName,
}

impl Change for RemoveChannel {
    type Args = RemoveChannelArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "channel_remove"),
            "remove a channel of root's",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"name": "nixos"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: RemoveChannelArgs) -> Result<Plan, ToolError> {
        let name = args.name;
        let node = cx.node().name();
        let channels = RootChannels::of(cx).await?;
        let Some(former) = channels.url(&name) else { return Err(channels.unknown(node.as_str(), &name)) };
        let summary = format!("remove channel {name} on {node}");
        let plan = channels.plan(cx, &summary, Risk::Routine, add_again(node.as_str(), &name, former));
        let plan = match channels.is_nixpkgs(&name) {
            true => plan
                .warn(format!("{node} cannot be rebuilt without it: <nixpkgs> is this channel"))
                .at_least(Risk::Destructive),
            false => plan,
        };
        Ok(plan.step(nix_channel().args(["--remove", name.as_str()]).lasting(LISTING)))
    }
}
