//! Reads that go out as one command.

use nixi_core::shell::{Frames, Mark};
use nixi_core::{Effect, ExecError, Gathered, Invocation, Output, SshTarget};

use crate::actor::{Exec, Opening, SoFar, Trace, random};
use crate::session::LONGEST_LINE;
use crate::ssh::{SshExecutor, no_random};

type Ends = Vec<Result<Output, ExecError>>;

/// Bytes that a [`nixi_core::shell::Witness`] and the canary may add to a line.
const ROOM: usize = 1_000;

impl SshExecutor {
    /// Runs them by one command, or by as few as their lines fit into.
    pub(crate) async fn run_gathered(&self, reads: Gathered, target: &SshTarget) -> Result<Ends, ExecError> {
        let user = self.route(target)?.user.clone();
        let mut ends = Vec::new();
        for group in reads.by_line(&user, LONGEST_LINE - ROOM) {
            ends.extend(match group.each() {
                [] | [_] => group.in_turn(self).await,
                [_, _, ..] => self.run_group(group, target, &user).await?,
            });
        }
        Ok(ends)
    }

    /// Of one that did not end in time, and of those behind it, that is all that is known: another try would take as long.
    /// Whatever else the frames do not tell is asked for by itself, which has every limit to itself and tells what is wrong.
    async fn run_group(
        &self,
        reads: Gathered,
        target: &SshTarget,
        user: &nixi_core::UserName,
    ) -> Result<Ends, ExecError> {
        let number = || random().map_err(|error| no_random(&error));
        let (mark, frames, so_far) = (Mark::new(number()?), Frames::new(number()?), SoFar::default());
        let [first, ..] = reads.each() else { return Ok(Vec::new()) };
        let exec =
            Exec::new(reads.remote_line(user, &mark, &frames)?, first.deadline(), Invocation::OUTPUT_LIMIT);
        let is_plain = reads.each().iter().all(Invocation::is_plain_read);
        let exec = Exec {
            trace: Some(Trace { mark, elevation: reads.elevation_for(user) }),
            so_far: Some(so_far.clone()),
            opening: if is_plain { Opening::WithCanary } else { Opening::AfterCanary },
            ..exec
        };
        let node = reads.node().name().clone();
        let ended = self.run(target, Some(&node), exec, Effect::Read, reads.cancel()).await;
        let (told, late) = match ended {
            Ok(Output { stdout, stderr, .. }) => (frames.split(&stdout, &stderr), None),
            Err(late @ ExecError::Deadline(_)) => {
                let [stdout, stderr] = so_far.take();
                (frames.split(&stdout, &stderr), Some(late))
            }
            Err(error) => return Err(error),
        };
        let mut ends: Ends = told.into_iter().take(reads.each().len()).map(Ok).collect();
        let untold = reads.behind(ends.len());
        ends.extend(match late {
            Some(late) => untold.each().iter().map(|_| Err(late.clone())).collect(),
            None => untold.in_turn(self).await,
        });
        Ok(ends)
    }
}
