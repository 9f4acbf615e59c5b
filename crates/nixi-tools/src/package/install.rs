//! `package.install`

use nixi_core::{ActionName, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, WriteCapability};
use serde_json::json;

use super::names::{PackageArgs, elements};
use crate::declared::Verb;

/// Installs packages for everybody.
pub struct Install;

const VERB: Verb = Verb {
    word: "install",
    done: "in nixi.nix already",
    back: ActionName::new("package", "remove"),
    parameter: "names",
    risk: Risk::Routine,
};

impl Change for Install {
    type Args = PackageArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("package", "install"),
            "install packages for everybody",
            WriteCapability::Packages,
            Risk::Routine,
        )
        .example(json!({"names": ["htop"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: PackageArgs) -> Result<Plan, ToolError> {
        VERB.plan(cx, elements(&args, |option, element| ModuleEdit::Add { option, element })?).await
    }
}
