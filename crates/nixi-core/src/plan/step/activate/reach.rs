//! By which way a node is reached while it switches: the one that it had, and the one that it is to get.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::Instant;

use super::state::State;
use super::{AGAIN, QUESTION, Switch};
use crate::catalog::guard as catalog;
use crate::error::ToolError;
use crate::exec::{ExecError, Fingerprint, Invocation, Unreachable};
use crate::node::Node;

/// How much longer a node has to answer by the way that it had than by its new one.
const HEAD_START: Duration = Duration::from_millis(1500);

/// A node by the way that it is reached, and its host key there.
pub(super) type At<'a> = (&'a Node, Option<&'a Fingerprint>);

impl Switch<'_> {
    /// What the node says, by whichever way it answers; why it does not by the way that it had.
    pub(super) async fn look(&self) -> Result<State, ToolError> {
        let Some(there) = self.there else { return self.look_by(self.as_before()).await };
        let known = pin!(self.look_by(self.as_before()));
        let new = pin!(async {
            tokio::time::sleep(HEAD_START).await;
            // Who answers there has a key that is on record for it.
            self.look_by((there, None)).await
        });
        match select(known, new).await {
            Either::Left((Ok(state), _)) | Either::Right((Ok(state), _)) => Ok(state),
            Either::Left((Err(error), new)) => new.await.map_err(|_| error),
            Either::Right((Err(_), known)) => known.await,
        }
    }

    async fn look_by(&self, (node, host_key): At<'_>) -> Result<State, ToolError> {
        let read = Invocation::read(node, &catalog::state(&self.id), QUESTION, self.cx.cancel.clone());
        let output = self.cx.executor.exec(read.pinned(host_key)).await?;
        Ok(State::read(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The node as it was last met, and its host key.
    pub(super) fn last_met(&self) -> At<'_> {
        match self.met.get() {
            Some((node, host_key)) => (node, host_key.as_ref()),
            None => self.as_before(),
        }
    }

    /// The node as it was before the switch, and is when it went back.
    pub(super) fn as_before(&self) -> At<'_> {
        (self.node, self.approved.host_key())
    }

    /// Logs in anew, at the machine that was approved; why not, unless it was interrupted.
    pub(super) async fn reach_anew(&self, until: Instant) -> Result<(), Option<String>> {
        loop {
            let why = match self.meet(until).await {
                Ok((node, host_key)) => {
                    let _ = self.met.set((node.clone(), host_key));
                    return Ok(());
                }
                Err(None) => return Err(None),
                Err(Some(why)) => why,
            };
            if Instant::now() + AGAIN >= until {
                return Err(Some(why));
            }
            tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return Err(None),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Logs in once, by the way that it had if that is still one: what was thought to change may have stayed. If none is, the
    /// reason is that of its new one.
    async fn meet(&self, until: Instant) -> Result<(&Node, Option<Fingerprint>), Option<String>> {
        let before = pin!(self.log_in(self.node, until));
        let Some(there) = self.there else { return Ok((self.node, before.await?)) };
        let new = pin!(self.log_in(there, until));
        match select(before, new).await {
            Either::Left((Ok(host_key), _)) => Ok((self.node, host_key)),
            Either::Left((Err(_), new)) => Ok((there, new.await?)),
            Either::Right((Ok(host_key), before)) => match tokio::time::timeout(HEAD_START, before).await {
                Ok(Ok(host_key)) => Ok((self.node, host_key)),
                Ok(Err(_)) | Err(_) => Ok((there, host_key)),
            },
            Either::Right((Err(why), before)) => Ok((self.node, before.await.map_err(|_| why)?)),
        }
    }

    /// Logs in once by this way; with which host key, or why not, unless it was interrupted.
    async fn log_in(&self, node: &Node, until: Instant) -> Result<Option<Fingerprint>, Option<String>> {
        let attempt = tokio::time::timeout_at(until, self.cx.executor.reach_anew(node, self.cx.cancel));
        Err(Some(match attempt.await {
            Ok(Ok(arrival)) => {
                let host_key = arrival.map(|arrival| arrival.host_key);
                let is_same = host_key.as_ref() == self.approved.host_key();
                // A new one is on record there, or it would not have been let pass.
                if is_same || !self.activate.way.host_keys.is_empty() {
                    return Ok(host_key);
                }
                "another machine answers there".to_owned()
            }
            Ok(Err(ExecError::Cancelled | ExecError::CancelledUnsent)) => return Err(None),
            Ok(Err(error)) => ToolError::Exec(error).report().message,
            Err(_) => "no answer in time".to_owned(),
        }))
    }

    /// Whether it was met by its new way, and not by the one that it had.
    pub(super) fn has_moved(&self) -> bool {
        let Some((node, host_key)) = self.met.get() else { return false };
        let has_other_key = host_key.as_ref() != self.approved.host_key();
        Some(node) == self.there && (self.activate.way.host_keys.is_empty() || has_other_key)
    }

    /// Whether who answers is not the node that was switched; waiting does not mend that. Where the way changes, somebody else
    /// may well be where it was.
    pub(super) fn is_stranger(&self, error: &ToolError) -> bool {
        let is_changed = matches!(
            error,
            ToolError::Exec(ExecError::Unreachable { reason: Unreachable::HostKeyChanged, .. })
        );
        is_changed && self.there.is_none()
    }
}
