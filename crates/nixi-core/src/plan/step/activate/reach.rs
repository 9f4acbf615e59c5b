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
use crate::plan::stands_apart;

/// How much longer a node has to answer by its new way than by the one that it had.
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
            self.look_there(there).await
        });
        match select(known, new).await {
            Either::Left((Ok(state), _)) | Either::Right((Ok(state), _)) => Ok(state),
            Either::Left((Err(error), new)) => new.await.map_err(|_| error),
            Either::Right((Err(_), known)) => known.await,
        }
    }

    /// The same by the new way, of the machine that it leads to alone.
    async fn look_there(&self, there: &Node) -> Result<State, ToolError> {
        let arrival = self.cx.executor.reach(there, self.cx.cancel).await?;
        let host_key = arrival.map(|arrival| arrival.host_key);
        if !self.is_it(host_key.as_ref()) {
            return Err(ToolError::Exec(stranger()));
        }
        self.look_by((there, host_key.as_ref())).await
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

    /// Logs in once: by the new way, if there is one, for what is declared is what stays; else by the one that it had, for what
    /// was thought to change may have stayed. If neither is one, the reason is that of the new one.
    async fn meet(&self, until: Instant) -> Result<(&Node, Option<Fingerprint>), Option<String>> {
        let before = pin!(self.log_in(self.node, until));
        let Some(there) = self.there else { return Ok((self.node, before.await?)) };
        let new = pin!(self.log_in(there, until));
        match select(new, before).await {
            Either::Left((Ok(host_key), _)) => Ok((there, host_key)),
            Either::Left((Err(why), before)) => Ok((self.node, before.await.map_err(|_| why)?)),
            Either::Right((Ok(host_key), new)) => match tokio::time::timeout(HEAD_START, new).await {
                Ok(Ok(host_key)) => Ok((there, host_key)),
                Ok(Err(_)) | Err(_) => Ok((self.node, host_key)),
            },
            Either::Right((Err(_), new)) => Ok((there, new.await?)),
        }
    }

    /// Logs in once by this way; with which host key, or why not, unless it was interrupted.
    async fn log_in(&self, node: &Node, until: Instant) -> Result<Option<Fingerprint>, Option<String>> {
        let attempt = tokio::time::timeout_at(until, self.cx.executor.reach_anew(node, self.cx.cancel));
        Err(Some(match attempt.await {
            Ok(Ok(arrival)) => {
                let host_key = arrival.as_ref().map(|arrival| arrival.host_key.clone());
                let stands = stands_apart(&*self.cx.host_keys, node, arrival.as_ref(), &self.cx.nodes).await;
                match stands {
                    _ if !self.is_it(host_key.as_ref()) => "another machine answers there".to_owned(),
                    Err(error) => error.message,
                    // What cannot be told was told of the way that was approved, and of no other.
                    Ok(Some(untold)) if node != self.node => untold.remark(),
                    Ok(_) => return Ok(host_key),
                }
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
        Some(node) == self.there && (node != self.node || has_other_key)
    }

    /// Whether this is the host key of the node: the one that was approved, or one of those that it gets.
    fn is_it(&self, host_key: Option<&Fingerprint>) -> bool {
        let is_new = |host_key: &Fingerprint| self.activate.way.fingerprints().contains(host_key);
        host_key == self.approved.host_key() || host_key.is_some_and(is_new)
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

fn stranger() -> ExecError {
    let detail = "its host key is another".to_owned();
    ExecError::Unreachable { reason: Unreachable::HostKeyChanged, detail, hint: None }
}
