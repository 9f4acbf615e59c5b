//! `container.redeploy`: what takes an update back, and is called by nothing else.

use nixi_core::command::ImageName;
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, NodeName, Plan, PlanCx, Risk, ToolError, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DeployArgs;
use super::replace::{Made, replace};

/// Deploys a container as it was before an update.
pub struct Redeploy;

/// Parameters of `container.redeploy`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct RedeployArgs {
    #[serde(flatten)]
    pub(super) deploy: DeployArgs,
    /// The id of the image that it was made of
    #[schemars(with = "String")]
    pub(super) image_id: ImageName,
    /// Stands for how it is deployed now
    pub(super) expect: String,
}

const NAME: ActionName = ActionName::new("container", "redeploy");

impl RedeployArgs {
    /// The call that takes an update back.
    pub(super) fn call(&self, node: &NodeName) -> CallRequest {
        let args = match serde_json::to_value(self) {
            Ok(Value::Object(args)) => args,
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        CallRequest::new(NAME.to_string()).on(node.as_str()).with_args(args)
    }
}

impl Change for Redeploy {
    type Args = RedeployArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            NAME,
            "deploy a container as it was before an update",
            WriteCapability::Containers,
            Risk::Routine,
        )
        .example(json!({"name": "greeter", "image": "app:1", "image_id": "a".repeat(64), "expect": "0123456789abcdef"}))
        .for_undoing_alone()
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: RedeployArgs) -> Result<Plan, ToolError> {
        let RedeployArgs { deploy, image_id: image, expect } = args;
        let name = deploy.name.clone();
        replace(cx, NAME, &name, Made::Restored { args: Box::new(deploy), image, expect }).await
    }
}
