//! `nixos.channel_add`

use nixi_core::command::{ChannelName, ChannelUrl};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Plan, PlanCx, Rescue, Risk, ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::root_channels::{FETCHING, LISTING, RootChannels, nix_channel, update};

/// Gives root a channel, and fetches it.
pub struct AddChannel;

/// Parameters of `nixos.channel_add`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddChannelArgs {
    /// Of the channel
    pub url: ChannelUrl,
    /// Of the channel
    pub name: ChannelName,
}

impl Change for AddChannel {
    type Args = AddChannelArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "channel_add"),
            "add a channel to root's",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"url": "file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz", "name": "lab"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: AddChannelArgs) -> Result<Plan, ToolError> {
        let AddChannelArgs { url, name } = args;
        let node = cx.node().name();
        let channels = RootChannels::of(cx).await?;
        let former = channels.url(&name);
        let is_listed = former == Some(url.as_str());
        if is_listed && channels.has_fetched(&name) {
            return Ok(Plan::nothing(format!(
                "nothing to add on {node}: {name} is {url} already (nixos.channel_update fetches it anew)"
            )));
        }
        // nix-channel cannot leave one out that was never fetched.
        let mut names = channels.never_fetched();
        names.retain(|listed| *listed != name);
        let others = names.clone();
        names.push(name.clone());
        let undo = match former {
            None => {
                let back =
                    CallRequest::new("nixos.channel_remove").on(node.as_str()).with("name", name.as_str());
                Undo::Calls(vec![back])
            }
            Some(_) if is_listed => Undo::Calls(Vec::new()),
            Some(former) => add_again(node.as_str(), &name, former),
        };
        let summary = match former {
            Some(_) if !is_listed => format!("have channel {name} on {node} come from {url}"),
            Some(_) | None => format!("add channel {name} from {url} on {node}"),
        };
        let mut plan = channels.plan(cx, &summary, Risk::Routine, undo);
        for other in others {
            plan = plan.warn(format!("channel {other} was never fetched, and is fetched too"));
        }
        if channels.is_nixpkgs(&name) {
            plan = plan.warn(format!("the next rebuild of {node} is made of it"));
        }
        if is_listed {
            return Ok(plan.step(update(&names).lasting(FETCHING)));
        }
        let back = match former {
            // What may hold a login goes into no plan.
            Some(former) if former.parse::<ChannelUrl>().is_err() => {
                return Err(ToolError::BadArgument {
                    message: format!(
                        "channel {name} of {node} comes from an address that Nixi could not put back"
                    ),
                    hint: Some(format!("remove it on {node} first: sudo nix-channel --remove {name}")),
                });
            }
            Some(former) => nix_channel().args(["--add", former, name.as_str()]),
            None => nix_channel().args(["--remove", name.as_str()]),
        };
        let add = nix_channel().args(["--add", url.as_str(), name.as_str()]);
        Ok(plan.step(add.lasting(LISTING)).step(update(&names).lasting(FETCHING)).step(Rescue::of(
            0,
            1,
            back.elevated(),
        )))
    }
}

/// The undo that has a channel come from where it came from.
pub(super) fn add_again(node: &str, name: &ChannelName, url: &str) -> Undo {
    match url.parse::<ChannelUrl>() {
        Ok(url) => {
            let add = CallRequest::new("nixos.channel_add").on(node);
            Undo::Calls(vec![add.with("url", url.as_str()).with("name", name.as_str())])
        }
        Err(error) => Undo::cannot(format!("Nixi adds no channel from where it came from: {}", error.why())),
    }
}
