//! From all that a request declares on a node to one edit, one build and one switch.

use async_trait::async_trait;
use nixi_core::{Compose, ModuleEdit, Plan, PlanCx, ToolError};

use super::build::{Before, Trial};
use super::declared_by;
use super::files;
use super::ground::{Ground, apply_all};
use super::newer::{Found, Newer};
use super::proposal::Proposal;

/// Makes one plan of all that a request declares on a node.
pub struct Composer;

#[async_trait]
impl Compose for Composer {
    async fn compose(&self, cx: &PlanCx<'_>, edits: &[ModuleEdit]) -> Result<Plan, ToolError> {
        let ground = Ground::of(cx).await?;
        let mut module = ground.module()?;
        let edited = match apply_all(&mut module, edits)?.is_empty() {
            true => None,
            false => Some((ground.texts_or(cx, &module)?, &module)),
        };
        let mut trial = Trial::begin(cx.stage(), &ground, ground.entry(cx)?).await?;
        let newer = match edits.contains(&ModuleEdit::Upgrade) {
            false => None,
            true => match Newer::find(cx, &ground, &trial).await? {
                Found::Newer(newer) => Some(newer),
                Found::Nothing(_) if edited.is_some() || edits.contains(&ModuleEdit::Rebuild) => None,
                Found::Nothing(why) => return Ok(Plan::nothing(why)),
            },
        };
        let before = match edited.is_some() || newer.is_some() {
            true => trial.before().await?,
            false => Before::Same,
        };
        let mut then = Vec::new();
        if let Some(newer) = &newer {
            newer.put_into(&mut trial, &ground).await?;
            then.extend(newer.then(cx, &ground).await?);
        }
        if let Some((texts, module)) = edited {
            trial.put_module(texts, module).await?;
            then.extend(files::module(cx, &ground, texts, module.text()).await?);
        }
        let built = match trial.build().await {
            Ok(built) => built,
            Err(error) => return Err(declared_by::with_places(cx, edits, error).await),
        };
        if let (Before::Other(unedited), None, Some(_)) = (&before, &newer, edited)
            && unedited.system.as_ref() == Some(&built.system)
            && built.system == ground.running
        {
            // Why it is of no use is better told than proposed.
            let known = declared_by::elements(cx, edits).await.unwrap_or_default();
            if !known.is_empty() {
                let node = cx.node().name();
                return Ok(Plan::nothing(format!("nothing to do on {node}: {} already", known.join(", "))));
            }
        }
        Proposal { ground: &ground, before, newer: newer.as_deref(), built, then }.plan(cx).await
    }
}
