//! Running a command on the node, over one connection.

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::Kind;
use crate::command::{Command, Elevation, Excerpt, Login, Write};
use crate::error::ToolError;
use crate::exec::{ExecError, Input, Invocation};
use crate::plan::applied::{done, failed, unended};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, StepReport, Turn};
use crate::text;

/// How long it may take: stopping a container alone may take its grace period of 10 s and more.
const DEADLINE: Duration = Duration::from_secs(600);

/// How long an interrupted command has to tell how it ended; a person who interrupts waits for no more than a second.
const LAST_WORD: Duration = Duration::from_millis(500);

#[async_trait]
impl Kind for Command<Write> {
    fn line(&self, login: Login) -> String {
        self.for_login(login)
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("run", self.program().as_str(), self.arguments(), self.elevation()))
    }

    async fn run(
        &self,
        Turn { shown, .. }: Turn<'_>,
        approved: &ApprovedPart,
        cx: &ApplyCx<'_>,
    ) -> StepReport {
        run_with(self, None, shown, approved, cx).await
    }
}

/// Runs a command to its end, with this on its standard input.
pub(super) async fn run_with(
    command: &Command<Write>,
    input: Option<Input>,
    shown: String,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> StepReport {
    let node = approved.node();
    let (program, elevated) = (command.program(), command.elevation() == Elevation::Root);
    let words = command.for_login(cx.executor.login(node));
    let invocation =
        Invocation::change(node, command, DEADLINE, cx.cancel.clone()).pinned(approved.host_key());
    let invocation = match input {
        Some(input) => invocation.reading(input),
        None => invocation,
    };
    // An executor that is told to give up may still find out what became of the command, but not for long.
    let output = tokio::select! {
        biased;
        output = cx.executor.exec(invocation) => output,
        () = given_up(cx.cancel) => Err(ExecError::Cancelled),
    };
    match output {
        Ok(output) if output.exit.is_success() => {
            let said = text::clean(&Excerpt::of(&String::from_utf8_lossy(&output.stdout)).to_string());
            done(shown, (!said.is_empty()).then_some(said))
        }
        Ok(output) => failed(shown, ToolError::of_output(&words, program, elevated, &output).report()),
        Err(error) => unended(shown, error, node),
    }
}

async fn given_up(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(LAST_WORD).await;
}
