//! `nixos.edit`

use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, ModuleEdit, Plan, PlanCx, Risk, ToolError, Undo,
    WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ground::{Ground, apply_all};
use crate::nix::{Expr, OptionPath};

/// Sets an option, or sets it no more.
pub struct SetOption;

/// Parameters of `nixos.edit`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditArgs {
    /// As services.nginx.enable
    pub option: String,
    /// In Nix, as true or "text"; without it the option is unset
    pub value: Option<String>,
}

impl Change for SetOption {
    type Args = EditArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("nixos", "edit"),
            "set a NixOS option",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"option": "time.timeZone", "value": "\"Europe/Berlin\""}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: EditArgs) -> Result<Plan, ToolError> {
        let node = cx.node().name();
        let bad = |message: String| ToolError::BadArgument { message, hint: None };
        let option: OptionPath = args.option.parse().map_err(bad)?;
        let name = option.to_string();
        let parts = option.parts();
        let leads_elsewhere = parts
            .first()
            .is_some_and(|first| ["imports", "disabledModules", "_module"].contains(&first.as_str()))
            || parts.last().is_some_and(|last| last == "keyFiles");
        if leads_elsewhere {
            return Err(ToolError::BadArgument {
                message: format!("{name} makes the configuration read other files"),
                hint: Some("write that into the configuration yourself".to_owned()),
            });
        }
        let edit = match &args.value {
            Some(value) => {
                let value = Expr::parse(value).map_err(|error| ToolError::BadArgument {
                    message: format!("{value} is not a value in Nix: {error}"),
                    hint: Some("write text in quotes: value='\"text\"'".to_owned()),
                })?;
                if !value.is_data() {
                    return Err(ToolError::BadArgument {
                        message: format!("the value of {name} has to be evaluated to be known, which may do anything"),
                        hint: Some(
                            "use text, numbers, lists, sets, pkgs.NAME and lib.mkForce; write anything else into \
                             the configuration yourself"
                                .to_owned(),
                        ),
                    });
                }
                ModuleEdit::Set { option: name.clone(), value: value.to_string() }
            }
            None => ModuleEdit::Unset { option: name.clone() },
        };
        let ground = Ground::of(cx).await?;
        let mut module = ground.module()?;
        apply_all(&mut module, cx.declared().module())?;
        let former = module.value(&option).map_err(|error| bad(format!("nixi.nix: {error}")))?;
        if apply_all(&mut module, [&edit])?.is_empty() {
            return Ok(Plan::nothing(format!(
                "nothing to do on {node}: nixi.nix has {name} so already (rebuild to be sure that it runs)"
            )));
        }
        ground.check(cx, &module)?;
        let back = CallRequest::new("nixos.edit").on(node.as_str()).with("option", name.as_str());
        let undo = match former {
            None => Undo::Calls(vec![back]),
            Some(former) if former.is_data() => Undo::Calls(vec![back.with("value", former.to_string())]),
            // Somebody wrote it by hand, and Nixi would not set it to that.
            Some(former) => Undo::cannot(format!("{name} was computed before: {former}")),
        };
        let plan = Plan::new(format!("{edit} on {node}"), Risk::Routine, undo);
        Ok(plan.declare(edit))
    }
}
