//! What a person is told of a switch.

use tokio_util::sync::CancellationToken;

use super::state::{State, Why};
use super::{At, LastKnown, Switch, failed_after};
use crate::catalog::{guard, lasting};
use crate::command::{Command, Excerpt, Read, UnitName};
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Invocation;
use crate::plan::StepReport;
use crate::plan::applied::{done, failed, unknown};
use crate::session::Event;
use crate::text;

impl Switch<'_> {
    /// The report of a switch, once all is known that will be.
    pub(super) async fn told(&self, shown: String, known: LastKnown) -> StepReport {
        let node = self.node.name();
        match known {
            LastKnown::Told(State::Confirmed) => {
                let said = self.said(self.last_met()).await;
                let Some(failed) = self.kept.get() else { return done(shown, said) };
                let kept = format!("{failed}, and a person kept it all the same");
                self.cx.audience.hear(Event::Notice(kept.clone()));
                done(shown, Some([kept, said.unwrap_or_default()].join("\n").trim_end().to_owned()))
            }
            LastKnown::Told(
                state @ (State::Back { why, switched, .. } | State::Stuck { why, switched, .. }),
            ) => {
                let what = match why {
                    Why::Failed => {
                        let code = switched.map(|code| format!(" with exit code {code}")).unwrap_or_default();
                        format!("the switch failed on {node}{code}")
                    }
                    Why::Refused => format!("{node} was told to go back"),
                    Why::Unconfirmed => {
                        format!("the switch on {node} was not confirmed within {:?}", self.activate.patience)
                    }
                    Why::Interrupted => format!("the switch on {node} was killed halfway"),
                };
                let said = self.said(self.as_before()).await;
                self.went_back(shown, &what, &state, said)
            }
            LastKnown::Told(State::Busy) => {
                let what = format!("another switch by Nixi is under way on {node}: nothing was begun");
                failed(shown, ErrorReport::new(ErrorKind::CommandFailed, what).hint("try again when it is over"))
            }
            LastKnown::Told(State::Unchanged(127)) => {
                let what = format!("the new system is not on {node} any more: it was collected as garbage");
                failed(shown, ErrorReport::new(ErrorKind::Changed, what).hint("nothing was changed; ask again"))
            }
            LastKnown::Told(State::Unchanged(11)) => {
                let what = format!("somebody else switches {node} right now: nothing was begun");
                failed(shown, ErrorReport::new(ErrorKind::CommandFailed, what).hint("try again when it is over"))
            }
            LastKnown::Told(State::Unchanged(code)) => {
                let said = self.said(self.as_before()).await.map(|said| format!("\n{said}")).unwrap_or_default();
                let what = format!(
                    "switch-to-configuration of {node} ended with exit code {code} before it changed anything{said}"
                );
                failed(shown, ErrorReport::new(ErrorKind::CommandFailed, what))
            }
            LastKnown::Told(State::Replaced)
            | LastKnown::NotReached(State::Replaced, _)
            | LastKnown::NotTaken(State::Replaced, _)
            | LastKnown::NewlyFailed(State::Replaced, _) => {
                let what = format!("somebody else switched {node} while it waited to be confirmed: that was left as it is");
                failed(shown, ErrorReport::new(ErrorKind::Changed, what).hint("look at the node, and ask again"))
            }
            LastKnown::NewlyFailed(state, units) => {
                let said = self.last_lines(&units, self.as_before()).await;
                let said = (!said.is_empty()).then_some(said);
                self.went_back(shown, &failed_after(self.node, &units), &state, said)
            }
            LastKnown::NotReached(State::Confirmed, _) => done(shown, self.said(self.last_met()).await),
            LastKnown::NotTaken(state, why) => {
                let what = format!("{node} was reached after the switch, which could not be confirmed ({why})");
                self.went_back(shown, &what, &state, None)
            }
            LastKnown::NotReached(state, why) => {
                let what = format!("after the switch {node} could not be reached over a new connection ({why})");
                self.went_back(shown, &what, &state, None)
            }
            LastKnown::Told(State::Missing) => self.not_known(
                shown,
                ErrorReport::new(
                    ErrorKind::Lost,
                    format!("{node} has nothing of the switch: it was not begun, or {node} was restarted meanwhile"),
                ),
            ),
            LastKnown::Told(State::Switching | State::Waiting(_) | State::GoingBack(_)) => self
                .not_known(
                    shown,
                    ErrorReport::new(
                        ErrorKind::Lost,
                        format!("{node} does not say how the switch to {} ended", self.activate.new.as_str()),
                    ),
                ),
            LastKnown::OutOfReach(error) => {
                let why = error.report().message;
                self.not_known(
                    shown,
                    ErrorReport::new(
                        ErrorKind::Lost,
                        format!("{node} was switched and does not answer any more: {why}"),
                    ),
                )
            }
            LastKnown::Interrupted { told } => {
                let what = match told {
                    true => format!("interrupted: {node} was told to go back to the system before"),
                    false => format!(
                        "interrupted: {node} goes back to the system before by itself, within {:?} after the switch",
                        self.activate.patience
                    ),
                };
                self.not_known(shown, ErrorReport::new(ErrorKind::Cancelled, what))
            }
        }
    }

    fn went_back(&self, shown: String, what: &str, state: &State, said: Option<String>) -> StepReport {
        let node = self.node.name();
        let said = said.map(|said| format!("\n{said}")).unwrap_or_default();
        let back = match state {
            State::Stuck { code, .. } => {
                let error = ErrorReport::new(
                    ErrorKind::CommandFailed,
                    format!("{what}; {node} tried to go back and could not (exit code {code}){said}"),
                );
                let hint = format!(
                    "restart {node}, which boots what was to boot next; `journalctl --unit={}` there shows what it did",
                    self.id.unit()
                );
                return unknown(shown, error.hint(hint));
            }
            State::Back { code: 2, .. } => {
                format!("{node} went back to the system before, whose activation script failed (exit code 2)")
            }
            State::Back { .. } => format!("{node} went back to the system before"),
            State::Missing
            | State::Switching
            | State::Waiting(_)
            | State::GoingBack(_)
            | State::Confirmed
            | State::Busy
            | State::Unchanged(_)
            | State::Replaced => {
                let what = format!("{what}; {node} does not say that it went back{said}");
                return self.not_known(shown, ErrorReport::new(ErrorKind::Lost, what));
            }
        };
        failed(shown, ErrorReport::new(ErrorKind::CommandFailed, format!("{what}; {back}{said}")))
    }

    fn not_known(&self, shown: String, error: ErrorReport) -> StepReport {
        let hint = format!(
            "unless it was confirmed, {} goes back by itself; a restart boots what was to boot next; \
             `journalctl --unit={}` there shows what it did",
            self.node.name(),
            self.id.unit()
        );
        unknown(shown, error.hint(hint))
    }

    /// The last lines of units, the first few of them.
    pub(super) async fn last_lines(&self, units: &[String], at: At<'_>) -> String {
        let mut said = String::new();
        for unit in units.iter().take(3).filter_map(|unit| unit.parse::<UnitName>().ok()) {
            if let Some(lines) = self.printed(&guard::last_lines(&unit), at).await {
                said.push_str(&format!("\n{lines}"));
            }
        }
        said.trim().to_owned()
    }

    /// What the switch printed.
    async fn said(&self, at: At<'_>) -> Option<String> {
        self.printed(&lasting::said(&self.id), at).await
    }

    /// What a read prints, if it is to be had.
    async fn printed(&self, read: &Command<Read>, (node, host_key): At<'_>) -> Option<String> {
        let read = Invocation::read(node, read, self.cx.settings.command_timeout, CancellationToken::new());
        let output = self.cx.executor.exec(read.pinned(host_key)).await.ok()?;
        let said = text::clean(&Excerpt::of(&String::from_utf8_lossy(&output.stdout)).to_string());
        (output.exit.is_success() && !said.trim().is_empty()).then_some(said)
    }
}
