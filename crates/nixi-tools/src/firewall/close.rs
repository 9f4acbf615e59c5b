//! `firewall.close`

use nixi_core::{ActionName, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, WriteCapability};
use serde_json::json;

use super::ports::{PortArgs, elements};
use crate::declared::Verb;

/// Closes ports that Nixi opened.
pub struct Close;

const VERB: Verb = Verb {
    word: "close",
    done: "not in nixi.nix",
    back: ActionName::new("firewall", "open"),
    parameter: "ports",
    risk: Risk::Destructive,
};

impl Change for Close {
    type Args = PortArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("firewall", "close"),
            "close ports that Nixi opened",
            WriteCapability::NixosConfig,
            Risk::Destructive,
        )
        .example(json!({"ports": ["8080/tcp"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: PortArgs) -> Result<Plan, ToolError> {
        VERB.plan(cx, elements(&args, |option, element| ModuleEdit::Remove { option, element })?).await
    }
}
