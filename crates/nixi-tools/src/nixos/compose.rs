//! From all that a request declares on a node to one edit, one build and one switch.

use async_trait::async_trait;
use nixi_core::plan::Progress;
use nixi_core::{Compose, ModuleEdit, Plan, PlanCx, ToolError};

use super::build::{Before, Trial};
use super::declared_by::{self, Known};
use super::files;
use super::ground::{Ground, apply_all};
use super::newer::{Found, Newer};
use super::proposal::Proposal;
use super::source::Whereabouts;

/// Makes one plan of all that a request declares on a node.
pub struct Composer;

#[async_trait]
impl Compose for Composer {
    async fn compose(&self, cx: &PlanCx<'_>, edits: &[ModuleEdit]) -> Result<Plan, ToolError> {
        let ground = Ground::of(cx).await?;
        let known = known(cx, &ground, edits).await?;
        let is_new = |edit: &&ModuleEdit| known.iter().all(|known| known.edit != *edit);
        let edits: &[ModuleEdit] = &edits.iter().filter(is_new).cloned().collect::<Vec<_>>();
        if edits.is_empty() {
            let places: Vec<String> = known.into_iter().map(|known| known.place).collect();
            return Ok(Plan::nothing(format!(
                "nothing to do on {}: {} already",
                cx.node().name(),
                places.join(", ")
            )));
        }
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
        let proposal = Proposal { ground: &ground, before, newer: newer.as_deref(), built, then };
        let plan = proposal.plan(cx).await?;
        Ok(known
            .iter()
            .fold(plan, |plan, known| plan.warn(format!("{} already: it is left out", known.place))))
    }
}

/// What of the elements to be added somebody else declares already. Where that cannot be found out, all are added.
async fn known<'a>(
    cx: &PlanCx<'_>,
    ground: &Ground,
    edits: &'a [ModuleEdit],
) -> Result<Vec<Known<'a>>, ToolError> {
    let added: Vec<&ModuleEdit> =
        edits.iter().filter(|edit| matches!(edit, ModuleEdit::Add { .. })).collect();
    if added.is_empty() {
        return Ok(Vec::new());
    }
    cx.stage().tell(Progress::phase("evaluating what is declared now"));
    let whereabouts = Whereabouts::in_ground(ground, ground.entry(cx)?);
    match declared_by::elements_in(cx, &whereabouts, &added).await {
        Err(error @ ToolError::Exec(_)) => Err(error),
        known => Ok(known.unwrap_or_default()),
    }
}
