//! `node.restore`

use nixi_core::config::Removal;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Edits, NodeName, Plan, PlanCx, RestoreNode, Risk, Step,
    ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Puts a node back that was removed, as it was: what undoing a removal calls, and nothing else.
pub struct Restore;

/// Parameters of `node.restore`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreArgs {
    /// Which one
    pub name: String,
    /// Its name, address and mode, as they were shown
    pub shown: String,
    /// The text that declared it
    pub text: String,
    /// What was left in its place
    pub instead: String,
    /// Where that began, in bytes
    pub at: u64,
    /// The lines of known_hosts that were about it
    pub host_keys: Vec<String>,
}

impl RestoreArgs {
    /// The call that puts it back.
    pub(super) fn call(self) -> CallRequest {
        CallRequest::new(NAME.to_string())
            .with("name", self.name)
            .with("shown", self.shown)
            .with("text", self.text)
            .with("instead", self.instead)
            .with("at", self.at)
            .with("host_keys", self.host_keys)
    }
}

const NAME: ActionName = ActionName::new("node", "restore");

impl Change for Restore {
    type Args = RestoreArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            NAME,
            "put a removed node back: its entry in the configuration and its host key",
            WriteCapability::System,
            Risk::Destructive,
        )
        .example(json!({
            "name": "web-server", "shown": "web-server (nixi@192.0.2.1, managed)", "at": 0, "host_keys": [], "instead": "",
            "text": "[[nodes]]\nname = \"web-server\"\nhost = \"192.0.2.1\"\n"
        }))
        .editing(Edits::NodeList)
        .for_undoing_alone()
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: RestoreArgs) -> Result<Plan, ToolError> {
        let bad = |message: String| ToolError::BadArgument { message, hint: None };
        let name: NodeName = args.name.parse().map_err(|error| bad(format!("{error}")))?;
        if cx.fleet().find(&name).is_some() {
            return Ok(Plan::nothing(format!("nothing to restore: there is a node {name}")));
        }
        let at = usize::try_from(args.at).map_err(|_| bad(format!("{} is no place in a file", args.at)))?;
        let undo = CallRequest::remove_node(name.as_str());
        let removal = Removal { name, shown: args.shown, text: args.text, instead: args.instead, at };
        let summary = format!("put back the node {}", removal.name);
        Ok(Plan::new(summary, Risk::Destructive, Undo::Calls(vec![undo]))
            .step(Step::RestoreNode(RestoreNode { removal, host_keys: args.host_keys })))
    }
}
