//! Waiting for the end of a change, over as many connections as it takes.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Underway;
use super::record::{Ended, Record, is_under_way, record};
use crate::catalog::lasting as catalog;
use crate::command::{Command, Read};
use crate::error::ToolError;
use crate::exec::{ExecError, Invocation, Output, Unreachable};
use crate::plan::progress::Progress;

/// How long the node rests between two questions: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long one question may take: on a connection that hangs, the next one is better asked over another.
const QUESTION: Duration = Duration::from_secs(10);
/// A node is waited for as long as so many reads may take: it may be booting.
const SILENCE: u32 = 3;

/// What is known of a change in the end.
pub(super) enum LastKnown {
    /// It ended, and the node says how.
    Ended(Ended),
    /// It began, and the node was restarted before it ended.
    Restarted,
    /// It began and does not run any more, and there is no word of how it ended.
    Unrecorded,
    /// systemd had taken it, and there is nothing of it any more.
    Vanished,
    /// There is nothing of it, and it is not known whether systemd ever heard of it.
    NeverSeen,
    /// It runs on, and is not waited for any longer.
    RunsOn,
    /// The node did not tell, for this reason.
    OutOfReach(ToolError),
}

/// What one look at the node showed.
enum Look {
    UnderWay,
    Over(Record),
}

impl Underway<'_> {
    /// Waits for the end until then; `None` if it is cancelled first. `late` is how long nothing may be there of it, if
    /// systemd is not known to have it.
    pub(super) async fn follow(
        &self,
        mut late: Option<Duration>,
        until: Instant,
        cancel: &CancellationToken,
    ) -> Option<LastKnown> {
        let silence = SILENCE * self.cx.settings.command_timeout;
        let (mut rest, longest) = REST;
        let (mut silent, mut unseen): (Option<Instant>, Option<Instant>) = (None, None);
        let mut begun = false;
        loop {
            let look = tokio::select! {
                biased;
                () = cancel.cancelled() => return None,
                look = self.look(cancel) => look,
            };
            let now = Instant::now();
            self.reporter.tell(match &look {
                Ok(_) => Progress::phase(format!("waiting until {} has ended", self.id.unit())),
                Err(_) => Progress::phase(format!("waiting until {} answers again", self.node.name())),
            });
            let since = |first: &mut Option<Instant>| now - *first.get_or_insert(now);
            let known = match look {
                Ok(Look::UnderWay) => {
                    (late, silent) = (None, None);
                    LastKnown::RunsOn
                }
                Ok(Look::Over(found)) => {
                    silent = None;
                    match found {
                        Record::Ended(ended) => return Some(LastKnown::Ended(ended)),
                        Record::BegunBefore => return Some(LastKnown::Restarted),
                        Record::Begun if begun => return Some(LastKnown::Unrecorded),
                        // It may have begun, and ended, after it was asked whether it runs.
                        Record::Begun => {
                            begun = true;
                            LastKnown::Unrecorded
                        }
                        Record::Missing => match late {
                            None => return Some(LastKnown::Vanished),
                            Some(late) if since(&mut unseen) >= late => return Some(LastKnown::NeverSeen),
                            Some(_) => LastKnown::NeverSeen,
                        },
                    }
                }
                Err(error) if is_stranger(&error) || since(&mut silent) >= silence => {
                    return Some(LastKnown::OutOfReach(error));
                }
                Err(error) => LastKnown::OutOfReach(error),
            };
            if now >= until {
                return Some(known);
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return None,
                () = tokio::time::sleep(rest) => rest = (rest * 2).min(longest),
            }
        }
    }

    /// First whether it runs, then the record: what it wrote before it ended is there.
    async fn look(&self, cancel: &CancellationToken) -> Result<Look, ToolError> {
        let state = catalog::state(&self.id);
        let shown = state.to_string();
        let output = self.ask(&state, cancel).await?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let under_way = output.exit.is_success().then(|| is_under_way(&printed)).flatten();
        let unreadable = || match output.exit.is_success() {
            true => ToolError::Unreadable { command: shown.clone(), why: "it tells no state".to_owned() },
            false => ToolError::of_output(&shown, state.program(), false, &output),
        };
        if under_way.ok_or_else(unreadable)? {
            return Ok(Look::UnderWay);
        }
        let output = self.ask(&catalog::record(&self.id), cancel).await?;
        Ok(Look::Over(record(&String::from_utf8_lossy(&output.stdout))))
    }

    /// Runs a read, which may be repeated as often as it takes.
    pub(super) async fn ask(
        &self,
        read: &Command<Read>,
        cancel: &CancellationToken,
    ) -> Result<Output, ToolError> {
        let deadline = QUESTION.min(self.cx.settings.command_timeout);
        let read = Invocation::read(self.node, read, deadline, cancel.clone());
        let read = read.pinned(self.approved.host_key());
        Ok(self.cx.executor.exec(read).await?)
    }
}

/// Whoever answers is not the node that the change was sent to; waiting does not mend that.
fn is_stranger(error: &ToolError) -> bool {
    matches!(error, ToolError::Exec(ExecError::Unreachable { reason: Unreachable::HostKeyChanged, .. }))
}
