//! Taking an earlier step back if a later one fails, so that a change that goes wrong halfway leaves the node as it was.

use std::fmt;
use std::ops::RangeInclusive;

use async_trait::async_trait;

use super::Kind;
use super::run::run_with;
use crate::command::{Command, Login, Write};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, StepReport, Turn};

/// A command that takes a step of the same plan back. It is part of the plan and of its approval, and runs only if that
/// step is done and one of those behind it failed.
///
/// Rescues stand at the end of a plan, the newest step's first. After a step whose outcome is not known none of them runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing by itself"]
pub struct Rescue {
    command: Command<Write>,
    /// The step that it takes back, counted from 0.
    of: usize,
    /// The last step whose failure makes it run.
    until: usize,
}

impl Rescue {
    /// Takes back this step of the plan, if one behind it fails, up to the step `until`; both are counted from 0.
    pub fn of(step: usize, until: usize, command: Command<Write>) -> Self {
        Self { command, of: step, until }
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Rescue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Login::Other))
    }
}

#[async_trait]
impl Kind for Rescue {
    fn takes_back(&self) -> Option<RangeInclusive<usize>> {
        Some(self.of..=self.until)
    }

    fn line(&self, login: Login) -> String {
        format!("if a later step fails: {}", self.command.for_login(login))
    }

    fn digest(&self) -> PlanDigest {
        let words = (self.command.program().as_str(), self.command.arguments(), self.command.elevation());
        PlanDigest::of_value(&("rescue", self.of, self.until, words))
    }

    async fn run(
        &self,
        Turn { shown, .. }: Turn<'_>,
        approved: &ApprovedPart,
        cx: &ApplyCx<'_>,
    ) -> StepReport {
        run_with(&self.command, None, shown, approved, cx).await
    }
}
