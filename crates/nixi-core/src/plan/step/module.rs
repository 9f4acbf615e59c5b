//! A change of what a node declares, as a step.

use async_trait::async_trait;

use super::Kind;
use crate::command::Login;
use crate::plan::applied::done;
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, ModuleEdit, PlanDigest, StepReport, Turn};

/// It is done by the part that all edits of its node are composed in, and the part that it belongs to is applied after that one.
#[async_trait]
impl Kind for ModuleEdit {
    fn line(&self, _: Login) -> String {
        format!("{self}, with the other changes of the configuration")
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("module", self))
    }

    async fn run(&self, Turn { shown, .. }: Turn<'_>, _: &ApprovedPart, _: &ApplyCx<'_>) -> StepReport {
        done(shown, None)
    }
}
