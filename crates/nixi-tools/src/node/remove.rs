//! `node.remove`

use nixi_core::config::{ConfigEdit, NODES_OPTION, OldNode};
use nixi_core::fleet::address;
use nixi_core::{
    ActionName, Change, ChangeCard, Edits, ErrorKind, ErrorReport, Node, Plan, PlanCx, Risk, Step, ToolError,
    Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::named;
use super::restore::RestoreArgs;

/// Forgets a node: takes it out of the configuration, and its host key out of known_hosts.
pub struct Remove;

/// Parameters of `node.remove`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveArgs {
    /// Which one
    pub name: String,
    /// Only at user@host
    pub expect: Option<String>,
}

impl Change for Remove {
    type Args = RemoveArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::NODE_REMOVE,
            "forget a node and its host key",
            WriteCapability::System,
            Risk::Destructive,
        )
        .example(json!({"name": "web-server"}))
        .editing(Edits::NodeList)
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: RemoveArgs) -> Result<Plan, ToolError> {
        if args.name == "local" {
            return Err(ToolError::BadArgument {
                message: "the controller cannot be removed".to_owned(),
                hint: Some("give the name of a remote node".to_owned()),
            });
        }
        let node = named::remote(cx.fleet(), &args.name)?;
        let at = node.ssh().map(|ssh| address(&ssh.user, &ssh.host, ssh.port)).unwrap_or_default();
        if let Some(expected) = args.expect.filter(|expected| *expected != at) {
            let message = format!("{} is {at} by now, and no longer {expected}", node.name());
            let report = ErrorReport::new(ErrorKind::Changed, message);
            return Err(ToolError::Reported(report.hint("nothing was removed")));
        }
        if let Some(file) = cx.fleet().declared_by_nixos(node.name()) {
            let message =
                format!("the node {} is declared in {}, which NixOS writes", node.name(), file.display());
            let report = ErrorReport::new(ErrorKind::Config, message);
            return Err(ToolError::Reported(report.hint(format!("change {NODES_OPTION} there"))));
        }
        let through: Vec<String> =
            cx.fleet().jumping_through(node.name()).iter().map(ToString::to_string).collect();
        if !through.is_empty() {
            let through = through.join(", ");
            let message = format!("{} is the jump host of {through}", node.name());
            let report = ErrorReport::new(ErrorKind::Config, message);
            let hint = format!(
                "without it, its name would mean another machine: change proxy_jump of {through} first"
            );
            return Err(ToolError::Reported(report.hint(hint)));
        }
        let plan = Plan::new(format!("remove the node {}", node.name()), Risk::Destructive, undo(cx, &node))
            .warn("nothing changes on the node itself: it still lets your key in");
        // The key first: should a step fail, the node is still there to be removed once more.
        let plan = match node.ssh() {
            Some(ssh) => plan.step(Step::ForgetHostKey(ssh.clone())),
            None => plan,
        };
        let plan = OldNode::of(&node)
            .into_iter()
            .fold(plan, |plan, old| plan.step(Step::Config(ConfigEdit::RemoveNode(old))));
        Ok(plan)
    }
}

/// Its declaration and its host keys, to the byte.
fn undo(cx: &PlanCx<'_>, node: &Node) -> Undo {
    match cx.fleet().on_record(node) {
        Ok((removal, host_keys)) => {
            let args = RestoreArgs {
                name: removal.name.to_string(),
                shown: removal.shown,
                text: removal.text,
                instead: removal.instead,
                at: removal.at as u64,
                host_keys,
            };
            Undo::Calls(vec![args.call()])
        }
        Err(error) => Undo::cannot(error.message),
    }
}
