//! `container.update`

use nixi_core::{ActionName, Change, ChangeCard, Plan, PlanCx, Risk, ToolError, WriteCapability};
use serde_json::json;

use super::DeployArgs;
use super::replace::{Made, replace};
use super::settled;

/// Changes a container that was deployed: what is given replaces what it was deployed with, and all else stays.
pub struct Update;

const NAME: ActionName = ActionName::new("container", "update");

impl Change for Update {
    type Args = DeployArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            NAME,
            "change a deployed container or its image",
            WriteCapability::Containers,
            Risk::Routine,
        )
        .example(json!({"name": "greeter", "env": {"LANG": "C.UTF-8"}}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: DeployArgs) -> Result<Plan, ToolError> {
        let name = args.name.clone();
        let update = move |old: DeployArgs| settled(old.updated_by(args)).map(|(args, _)| args);
        replace(cx, NAME, &name, Made::Updated(Box::new(update))).await
    }
}
