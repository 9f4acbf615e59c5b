//! What a person is told of a change that ran as a unit.

use tokio_util::sync::CancellationToken;

use super::record::{End, Ended};
use super::watch::LastKnown;
use super::{Underway, stop};
use crate::catalog::lasting as catalog;
use crate::command::{Excerpt, Login};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::Output;
use crate::plan::StepReport;
use crate::plan::applied::{self, done, failed};
use crate::text;

impl Underway<'_> {
    /// The report of a change that was waited for as long as it made sense.
    pub(super) async fn report(self, known: LastKnown) -> StepReport {
        let (words, node, unit) = (self.words(), self.node.name(), self.id.unit());
        match known {
            LastKnown::Ended(ended) => self.ended(ended).await,
            LastKnown::Restarted => self.unknown(
                ErrorKind::Lost,
                format!("{node} was restarted while `{words}` ran; how far it came is not known"),
            ),
            LastKnown::Unrecorded => self.unknown(
                ErrorKind::Lost,
                format!("`{words}` began and does not run any more, and {node} has no record of how it ended"),
            ),
            LastKnown::Vanished => self.unknown(
                ErrorKind::Lost,
                format!(
                    "{node} took `{words}` and has no record of it: the node was restarted, or the record removed"
                ),
            ),
            LastKnown::NeverSeen => self.unknown(
                ErrorKind::Lost,
                format!("the connection was lost while `{words}` was sent, and {node} shows nothing of it"),
            ),
            LastKnown::OutOfReach(error) => {
                let record = self.id.kept();
                let why = error.report().message;
                let error = ErrorReport::new(
                    ErrorKind::Lost,
                    format!("`{words}` was sent to {node}, which does not tell how it ended: {why}"),
                );
                let hint = format!("when {node} is back, {record} there says how it ended; Nixi does not retry changes");
                self.not_known(error.hint(hint))
            }
            LastKnown::RunsOn => {
                let within = self.lasting.patience();
                let error = ErrorReport::new(
                    ErrorKind::Deadline,
                    format!("`{words}` did not end within {within:?}, and runs on as {unit} on {node}"),
                );
                let hint = self.how_to_go_on();
                self.not_known(error.hint(hint))
            }
        }
    }

    async fn ended(self, Ended { end, restarted }: Ended) -> StepReport {
        let said = self.said().await;
        let words = self.words();
        let error = match end {
            End::Exit(exit) if exit.is_success() => return done(self.shown, said),
            End::Exit(exit) => {
                let stderr = said.unwrap_or_default().into_bytes();
                let output = Output { exit, stdout: Vec::new(), stderr, truncated: false };
                ToolError::of_output(&words, self.program(), false, &output).report()
            }
            End::NotBegun => self.broken(&format!("`{words}` was not run: its unit could not begin"), said),
            End::Otherwise(result) => {
                self.broken(&format!("`{words}` failed: systemd ended its unit ({result})"), said)
            }
        };
        let node = self.node.name();
        let hint = restarted.then(|| format!("{node} was restarted meanwhile"));
        failed(self.shown, if error.hint.is_none() { error.maybe_hint(hint) } else { error })
    }

    fn broken(&self, what: &str, said: Option<String>) -> ErrorReport {
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        ErrorReport::new(ErrorKind::CommandFailed, format!("{what}{said}"))
    }

    /// What it said, from the journal. How it ended is known; if this is not to be had, it is left out.
    async fn said(&self) -> Option<String> {
        let output = self.ask(&catalog::said(&self.id), &CancellationToken::new()).await.ok()?;
        let said = text::clean(&Excerpt::of(&String::from_utf8_lossy(&output.stdout)).to_string());
        (output.exit.is_success() && !said.is_empty()).then_some(said)
    }

    /// It ended after it was told to stop.
    pub(super) fn stopped(self, end: &End) -> StepReport {
        let words = self.words();
        let how = match end {
            End::Exit(exit) if exit.is_success() => {
                return self.unknown(
                    ErrorKind::Cancelled,
                    format!(
                        "`{words}` ended with exit code 0 when it was told to stop; it may not have done all"
                    ),
                );
            }
            End::Exit(exit) => exit.to_string(),
            End::NotBegun => "before it began".to_owned(),
            End::Otherwise(result) => result.clone(),
        };
        let error = ErrorReport::new(ErrorKind::Cancelled, format!("`{words}` was stopped ({how})"));
        let hint =
            format!("what it had done, or asked others to do, stays as it is: look at {}", self.node.name());
        failed(self.shown, error.hint(hint))
    }

    /// It was told to stop, and takes its time.
    pub(super) fn stopping(self) -> StepReport {
        let (words, node) = (self.words(), self.node.name());
        let what =
            format!("`{words}` was told to stop on {node}, and had not ended when it was last looked at");
        self.interrupted(what)
    }

    /// It may run on.
    pub(super) fn not_stopped(self) -> StepReport {
        let (words, node) = (self.words(), self.node.name());
        self.interrupted(format!(
            "{node} did not answer in time whether `{words}` was stopped; it may run on"
        ))
    }

    fn interrupted(self, what: String) -> StepReport {
        let error = ErrorReport::new(ErrorKind::Cancelled, what);
        let hint = self.how_to_go_on();
        self.not_known(error.hint(hint))
    }

    fn how_to_go_on(&self) -> String {
        let stop = stop(&self.id).for_login(Login::Root);
        format!(
            "on {}, `systemctl status {}` tells how it is, `{stop}` ends it, and {} will say how it ended",
            self.node.name(),
            self.id.unit(),
            self.id.of_this_boot()
        )
    }

    fn unknown(self, kind: ErrorKind, what: String) -> StepReport {
        let hint = format!(
            "look at {} before you try again, `journalctl --unit={}` there shows what it said; Nixi does not retry changes",
            self.node.name(),
            self.id.unit()
        );
        self.not_known(ErrorReport::new(kind, what).hint(hint))
    }

    fn not_known(self, error: ErrorReport) -> StepReport {
        applied::unknown(self.shown, error)
    }
}
