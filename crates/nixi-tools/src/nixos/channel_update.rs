//! `nixos.channel_update`

use nixi_core::command::ChannelName;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Plan, PlanCx, Risk, ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::root_channels::{FETCHING, LISTING, RootChannels, nix_channel, update};

/// Fetches root's channels anew, or goes back to what was fetched before.
pub struct UpdateChannels;

/// Parameters of `nixos.channel_update`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateChannelsArgs {
    /// Channels; else all
    pub names: Option<Vec<ChannelName>>,
    /// Back to this one, of channels
    pub generation: Option<u64>,
}

impl Change for UpdateChannels {
    type Args = UpdateChannelsArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "channel_update"),
            "fetch root's channels anew",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"names": ["nixos"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: UpdateChannelsArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let channels = RootChannels::of(cx).await?;
        let undo = match channels.generation {
            Some(number) => Undo::Calls(vec![back_to(node.as_str(), number)]),
            None => Undo::cannot("no channel was fetched before"),
        };
        match (args.names, args.generation) {
            (Some(_), Some(_)) => Err(ToolError::BadArgument {
                message: "a generation is of all channels: name either".to_owned(),
                hint: None,
            }),
            (None, Some(number)) => go_back(cx, &channels, number, undo).await,
            (names, None) => {
                let names = names.unwrap_or_default();
                if let Some(unknown) = names.iter().find(|name| channels.url(name).is_none()) {
                    return Err(channels.unknown(node.as_str(), unknown));
                }
                if channels.listed.is_empty() {
                    return Ok(Plan::nothing(format!("nothing to update on {node}: root has no channels")));
                }
                let shown: Vec<&str> = match names.is_empty() {
                    true => channels.listed.iter().map(|listed| listed.name.as_str()).collect(),
                    false => names.iter().map(ChannelName::as_str).collect(),
                };
                let word = if shown.len() == 1 { "channel" } else { "channels" };
                let summary = format!("update {word} {} on {node}", shown.join(", "));
                let plan = channels.plan(cx, &summary, Risk::Routine, undo);
                Ok(plan.step(update(&names).lasting(FETCHING)))
            }
        }
    }
}

/// The call that goes back to a generation of channels.
pub(super) fn back_to(node: &str, number: u64) -> CallRequest {
    CallRequest::new("nixos.channel_update").on(node).with("generation", number)
}

async fn go_back(
    cx: &PlanCx<'_>,
    channels: &RootChannels,
    number: u64,
    undo: Undo,
) -> Result<Plan, ToolError> {
    let node = cx.node().name();
    if channels.generation == Some(number) {
        return Ok(Plan::nothing(format!(
            "nothing to go back to on {node}: generation {number} of the channels is in use"
        )));
    }
    let made = RootChannels::made(cx).await?;
    if !made.iter().any(|made| made.number == number) {
        let numbers: Vec<String> = made.iter().map(|made| made.number.to_string()).collect();
        return Err(ToolError::NotFound {
            message: format!("{node} has no generation {number} of channels"),
            hint: Some(format!("it has {}", numbers.join(", "))),
        });
    }
    let summary = format!("go to generation {number} of the channels on {node}");
    let plan = channels.plan(cx, &summary, Risk::Routine, undo);
    Ok(plan.step(nix_channel().arg("--rollback").arg(number.to_string()).lasting(LISTING)))
}
