//! What became of a change whose Nixi was ended while it ran.

use tokio_util::sync::CancellationToken;

use super::record::{End, Ended, Record, is_under_way, record};
use crate::catalog::lasting as catalog;
use crate::command::{ChangeId, Command, Read};
use crate::context::Reader;
use crate::error::ToolError;
use crate::exec::{ExecError, Exit, Fingerprint, Invocation, Output};
use crate::plan::StepStatus;

/// What the node tells of it now.
pub(crate) enum Afterwards {
    /// It still runs.
    RunsOn,
    /// It ended like this; with what went wrong.
    Ended(StepStatus, Option<String>),
}

/// Looks up the node's own record, on the machine with this host key alone.
pub(crate) async fn afterwards(
    id: &ChangeId,
    reader: &Reader<'_>,
    host_key: Option<&Fingerprint>,
) -> Result<Afterwards, ToolError> {
    let read = Reading { reader, host_key };
    let state = read.run(&catalog::state(id)).await?;
    let is_under_way = is_under_way(&String::from_utf8_lossy(&state.stdout));
    let Some(is_under_way) = is_under_way.filter(|_| state.exit.is_success()) else {
        let (command, why) = (catalog::state(id).to_string(), "it tells no state".to_owned());
        return Err(ToolError::Unreadable { command, why });
    };
    if is_under_way {
        return Ok(Afterwards::RunsOn);
    }
    let found = read.run(&catalog::record(id)).await?;
    let unknown = |why: &str| Afterwards::Ended(StepStatus::Unknown, Some(why.to_owned()));
    Ok(match record(&String::from_utf8_lossy(&found.stdout)) {
        Record::Missing => unknown("the node has no record of it"),
        Record::Begun => {
            unknown("it began and does not run any more, and the node has no record of how it ended")
        }
        Record::BegunBefore => unknown("the node was restarted while it ran"),
        Record::Ended(Ended { end, .. }) => match end {
            End::Exit(Exit::Code(0)) => Afterwards::Ended(StepStatus::Done, None),
            End::Exit(exit) => Afterwards::Ended(StepStatus::Failed, Some(format!("it ended with {exit}"))),
            End::NotBegun => {
                Afterwards::Ended(StepStatus::Failed, Some("its unit could not begin".to_owned()))
            }
            End::Otherwise(result) => {
                Afterwards::Ended(StepStatus::Failed, Some(format!("systemd ended its unit ({result})")))
            }
        },
    })
}

struct Reading<'a> {
    reader: &'a Reader<'a>,
    host_key: Option<&'a Fingerprint>,
}

impl Reading<'_> {
    async fn run(&self, command: &Command<Read>) -> Result<Output, ExecError> {
        let Reader { node, executor, settings, cancel } = self.reader;
        let cancel: CancellationToken = (*cancel).clone();
        let read = Invocation::read(node, command, settings.command_timeout, cancel);
        executor.exec(read.pinned(self.host_key)).await
    }
}
