//! Running a change as a unit of the node, and finding out how it ended.
//!
//! **Invariant.** What starts the unit is sent at most once, and the unit of one number begins at most once. All else
//! that is sent is a read, which may be repeated over as many connections as it takes; or, after an interruption, the
//! one command that stops the unit. How it ended is what the node's own record says: without one it is not known.

mod afterwards;
mod ground;
mod record;
mod told;
mod watch;

pub(crate) use afterwards::{Afterwards, afterwards};

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use async_trait::async_trait;

use super::Kind;
use crate::command::{ChangeId, Lasting, Login, Program, SYSTEMD_RUN, stop};
use crate::error::ToolError;
use crate::exec::{ExecError, Exit, Invocation, Output};
use crate::node::Node;
use crate::plan::applied::{failed, unended};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::progress::{Progress, Reporter};
use crate::plan::{ApprovedPart, PlanDigest, StepReport, Turn};
use record::Ended;
use watch::LastKnown;

/// How long systemd may take to accept a unit.
const START: Duration = Duration::from_secs(60);
/// How long a start whose connection was lost may still be on its way on the node itself.
const LATE: Duration = Duration::from_secs(10);
/// How long an interruption may take: the unit is told to stop, and its end is waited for as long as a person does.
const STOP: Duration = Duration::from_millis(900);

/// A change on its way.
struct Underway<'a> {
    lasting: &'a Lasting,
    id: ChangeId,
    shown: String,
    node: &'a Node,
    approved: &'a ApprovedPart,
    cx: &'a ApplyCx<'a>,
    reporter: &'a Reporter<'a>,
}

/// What became of the one attempt to start it.
enum Start {
    /// systemd has taken it.
    Taken,
    /// It was sent, and no answer came back.
    Sent,
    /// Nothing was started, or its end is known already.
    Over(StepReport),
    /// The node said no, but not in a way that excludes that it began.
    Doubted(ToolError),
    /// Interrupted after it was sent.
    Interrupted,
}

#[async_trait]
impl Kind for Lasting {
    fn line(&self, login: Login) -> String {
        self.for_login(login)
    }

    /// With every word that is the same for all changes; only the number is given to it when it is run.
    fn digest(&self) -> PlanDigest {
        let (command, start) = (self.command(), self.start(&ChangeId::of([0; 32])));
        let words = (command.program().as_str(), command.arguments());
        PlanDigest::of_value(&("lasting", words, start.arguments()))
    }

    fn leaves_record(&self) -> bool {
        true
    }

    async fn run(&self, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        run(self, turn, approved, cx).await
    }
}

/// Runs one change to its end, or until nothing more can be known of it.
async fn run(lasting: &Lasting, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
    let node = approved.node();
    let Turn { shown, id, reporter } = turn;
    let change = Underway { lasting, id, shown, node, approved, cx, reporter };
    let until = Instant::now() + lasting.patience();
    let (late, doubt) = match change.start().await {
        Start::Over(report) => return report,
        Start::Interrupted => return change.stop(Some(LATE)).await,
        Start::Taken => (None, None),
        Start::Sent => (Some(LATE), None),
        Start::Doubted(error) => (Some(Duration::ZERO), Some(error)),
    };
    let known = match change.follow(late, until, cx.cancel).await {
        Some(known) => known,
        None => return change.stop(late).await,
    };
    match (known, doubt) {
        // It said no, and nothing of it is there: so it was.
        (LastKnown::NeverSeen, Some(error)) => failed(change.shown, error.report()),
        (known, _) => change.report(known).await,
    }
}

impl Underway<'_> {
    async fn start(&self) -> Start {
        let start = self.lasting.start(&self.id);
        self.reporter.tell(Progress::phase(format!("starting {}", self.id.unit())));
        let invocation = Invocation::change(self.node, &start, START, self.cx.cancel.clone());
        let invocation = invocation.pinned(self.approved.host_key());
        match self.cx.executor.exec(invocation).await {
            Ok(output) if output.exit.is_success() => Start::Taken,
            Ok(output) => self.refused(&output),
            Err(ExecError::Lost(_) | ExecError::Deadline(_)) => Start::Sent,
            Err(ExecError::Cancelled) => Start::Interrupted,
            Err(
                error @ (ExecError::Unreachable { .. }
                | ExecError::Unfit { .. }
                | ExecError::CancelledUnsent
                | ExecError::Unquotable(_)),
            ) => Start::Over(unended(self.shown.clone(), error, self.node)),
        }
    }

    /// sudo or systemd-run ended with an error.
    fn refused(&self, output: &Output) -> Start {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let error = match stderr.contains("Failed to find executable") {
            true => ToolError::ProgramMissing(self.program()),
            false => ToolError::of_output(&self.shown, SYSTEMD_RUN, true, output),
        };
        let never_asked = matches!(
            error,
            ToolError::SudoPassword { .. }
                | ToolError::SudoRefused { .. }
                | ToolError::SudoMissing
                | ToolError::ProgramMissing(_)
        );
        if never_asked {
            return Start::Over(failed(self.shown.clone(), error.report()));
        }
        // Killed, it may have asked already; and systemd may have heard what it did not answer in time.
        let was_killed = !matches!(output.exit, Exit::Code(code) if code < 128);
        if was_killed || stderr.contains("timed out") { Start::Sent } else { Start::Doubted(error) }
    }

    /// Told to stop, because a person interrupted it.
    async fn stop(self, late: Option<Duration>) -> StepReport {
        let unheard = CancellationToken::new();
        let until = Instant::now() + STOP;
        let mut told = None;
        let stopping = async {
            let stop = Invocation::change(self.node, &stop(&self.id), STOP, unheard.clone());
            let stop = stop.pinned(self.approved.host_key());
            told = self.cx.executor.exec(stop).await.ok();
            self.follow(late, until, &unheard).await
        };
        let known = tokio::time::timeout_at(until, stopping).await.ok().flatten();
        match (told.map(|output| output.exit), known) {
            // systemd was asked, or may have been.
            (Some(Exit::Code(0)) | None, Some(LastKnown::Ended(Ended { end, .. }))) => self.stopped(&end),
            // It ended by itself: it was gone already, or sudo said no.
            (Some(_), Some(known @ LastKnown::Ended(_))) => self.report(known).await,
            (Some(Exit::Code(0)), _) => self.stopping(),
            (Some(_) | None, _) => self.not_stopped(),
        }
    }

    fn program(&self) -> Program {
        self.lasting.command().program()
    }

    /// What the unit runs, in words.
    fn words(&self) -> String {
        self.lasting.command().for_login(Login::Root)
    }
}
