//! Several calls of one request.

use futures_util::StreamExt;
use futures_util::stream;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::door::Door;
use super::protocol::{Audience, CallRequest, CallResult, Event, Intent};
use super::roster::Roster;
use crate::action::Scope;
use crate::error::{ErrorKind, ErrorReport};
use crate::node::Node;
use crate::plan::{Origin, PlanDigest, StepStatus};
use crate::registry::{Access, Action, Args};

/// How many reads of one request are on their way at a time; each costs memory, not a thread.
const READS_AT_ONCE: usize = 256;

/// The circumstances of a request: who asked, how far to go, who listens.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) inner: &'a Inner,
    pub(super) origin: Origin,
    pub(super) intent: Intent,
    pub(super) audience: &'a dyn Audience,
    pub(super) cancel: &'a CancellationToken,
    /// The person's own words, where a model made the calls.
    pub(super) words: Option<&'a str>,
    /// What the person has said no to in this request.
    pub(super) denied: &'a Denied,
}

/// Plans that a person said no to.
#[derive(Debug, Default)]
pub(super) struct Denied(Mutex<Vec<PlanDigest>>);

impl Denied {
    pub(super) fn holds(&self, digest: PlanDigest) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&digest)
    }

    pub(super) fn add(&self, digest: PlanDigest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(digest);
    }
}

/// A call whose action, nodes and arguments are known to fit; nothing has run yet.
pub(super) struct Checked {
    pub(super) action: Arc<Action>,
    pub(super) nodes: Vec<Node>,
    pub(super) args: Args,
}

impl Checked {
    fn is_read(&self) -> bool {
        self.action.spec.access == Access::Read
    }
}

impl Batch<'_> {
    /// Checks all calls before any of them runs, then runs them.
    pub(super) async fn run(&self, calls: Vec<CallRequest>) -> Result<Vec<CallResult>, ErrorReport> {
        let roster = self.inner.roster()?;
        let checked = self.settle(calls, &roster).await?;
        Ok(self.run_checked(checked, &roster).await)
    }

    pub(super) fn check(&self, roster: &Roster, call: CallRequest) -> Result<Checked, ErrorReport> {
        let action = self.inner.parts.registry.action(&call.action)?;
        let nodes = match action.spec.scope {
            Scope::Node => roster.choose(&call.nodes)?,
            Scope::Controller if call.nodes.is_empty() => vec![Node::controller()],
            Scope::Controller => {
                return Err(ErrorReport::new(
                    ErrorKind::BadArgument,
                    format!("{} works on the controller and takes no node", call.action),
                )
                .hint("name the node it is about by its own parameter, `name` or `names`"));
            }
        };
        let args = action.spec.check(call.args)?;
        action.body.parse(args.clone())?;
        Ok(Checked { action, nodes, args })
    }

    /// Reads that follow one another run at the same time; changes run one after the other, and none after one that
    /// did not end as done.
    pub(super) async fn run_checked(&self, calls: Vec<Checked>, roster: &Roster) -> Vec<CallResult> {
        let mut results = Vec::new();
        let mut stopped = false;
        let mut calls = calls.into_iter().peekable();
        while let Some(call) = calls.next() {
            if call.is_read() {
                let mut reads = vec![call];
                while let Some(next) = calls.next_if(Checked::is_read) {
                    reads.push(next);
                }
                results.extend(self.run_reads(&reads, roster).await);
            } else {
                let changed = self.run_changes(&call, roster, stopped).await;
                stopped |=
                    changed.iter().any(|result| result.status != StepStatus::Done && result.error.is_some());
                results.extend(changed);
            }
        }
        results
    }

    async fn run_reads(&self, calls: &[Checked], roster: &Roster) -> Vec<CallResult> {
        // Loops and no closures: with those, rustc cannot see that the future may move between threads.
        let mut jobs = Vec::new();
        for call in calls {
            for node in &call.nodes {
                jobs.push(self.run_one(call, node, roster));
            }
        }
        stream::iter(jobs).buffered(READS_AT_ONCE).collect().await
    }

    /// One change on its nodes, in order. A node that is read-only, out of reach or not approved holds up no other; one
    /// where the change failed or may have failed does.
    async fn run_changes(&self, call: &Checked, roster: &Roster, mut stopped: bool) -> Vec<CallResult> {
        let mut results = Vec::with_capacity(call.nodes.len());
        for node in &call.nodes {
            if stopped && node.writable().is_ok() {
                let result = self.blank(call, node).failed(
                    StepStatus::NotStarted,
                    ErrorReport::new(ErrorKind::NotStarted, "an earlier change did not end as done"),
                );
                self.audience.hear(Event::CallEnded(Box::new(result.clone())));
                results.push(result);
                continue;
            }
            let result = self.run_one(call, node, roster).await;
            stopped |= matches!(result.status, StepStatus::Failed | StepStatus::Unknown);
            results.push(result);
        }
        results
    }

    pub(super) async fn run_one(&self, call: &Checked, node: &Node, roster: &Roster) -> CallResult {
        let action = call.action.spec.name.to_string();
        self.audience.hear(Event::CallStarted { action, node: node.name().clone() });
        let result = Door { batch: self, roster, call, node }.pass(self.blank(call, node)).await;
        self.audience.hear(Event::CallEnded(Box::new(result.clone())));
        result
    }

    fn blank(&self, call: &Checked, node: &Node) -> CallResult {
        let args = call.action.body.parse(call.args.clone()).unwrap_or_default();
        CallResult::new(&call.action.spec.name.to_string(), node.name().as_str(), args)
    }
}
