//! `firewall.open`

use nixi_core::{ActionName, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, WriteCapability};
use serde_json::json;

use super::ports::{PortArgs, elements};
use crate::declared::Verb;

/// Opens ports.
pub struct Open;

const VERB: Verb = Verb {
    word: "open",
    done: "in nixi.nix already",
    back: ActionName::new("firewall", "close"),
    parameter: "ports",
    risk: Risk::Routine,
};

impl Change for Open {
    type Args = PortArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("firewall", "open"),
            "open ports",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"ports": ["8080/tcp"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: PortArgs) -> Result<Plan, ToolError> {
        VERB.plan(cx, elements(&args, |option, element| ModuleEdit::Add { option, element })?).await
    }
}
