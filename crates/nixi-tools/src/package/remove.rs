//! `package.remove`

use nixi_core::{ActionName, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, WriteCapability};
use serde_json::json;

use super::names::{PackageArgs, elements};
use crate::declared::Verb;

/// Removes packages that Nixi installed.
pub struct Remove;

const VERB: Verb = Verb {
    word: "remove",
    done: "not in nixi.nix",
    back: ActionName::new("package", "install"),
    parameter: "names",
    risk: Risk::Routine,
};

impl Change for Remove {
    type Args = PackageArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("package", "remove"),
            "remove packages that Nixi installed",
            WriteCapability::Packages,
            Risk::Routine,
        )
        .example(json!({"names": ["htop"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: PackageArgs) -> Result<Plan, ToolError> {
        VERB.plan(cx, elements(&args, |option, element| ModuleEdit::Remove { option, element })?).await
    }
}
