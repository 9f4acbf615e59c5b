//! From all that a request declares on a node to one edit, one build and one switch.

use async_trait::async_trait;
use nixi_core::{Compose, ModuleEdit, Plan, PlanCx, ToolError};

use super::build::{Before, Trial};
use super::files;
use super::ground::{Ground, apply_all};
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
        let trial = Trial::begin(cx.stage(), &ground, ground.entry(cx)?).await?;
        let mut before = Before::Same;
        let mut then = Vec::new();
        if let Some((texts, module)) = edited {
            before = trial.before().await?;
            trial.put_module(texts, module).await?;
            then = files::module(cx, ground.kind, texts, module.text()).await?;
        }
        let built = trial.build().await?;
        Proposal { ground: &ground, before, built, then }.plan(cx).await
    }
}
