//! What the rest of the engine has of a session actor.

use std::sync::Arc;
use std::time::Duration;

use nixi_core::Output;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::job::{Exec, Failure, Job, Work};
use super::ticket::{Stake, Ticket};
use super::tunnel::Clogged;
use super::{Actor, CHANNELS, Lane, STOPPED_WITHIN};
use crate::connect::Link;

/// The way to a session actor; when all are gone, it ends.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) wake: Arc<Notify>,
    pub(super) clogged: Clogged,
}

impl Handle {
    /// Starts an actor. A node that says nothing for `patience` while it owes an answer is taken for dead.
    pub(crate) fn start(link: Link, patience: Duration, lane: Lane) -> Self {
        let (jobs, inbox) = mpsc::channel(CHANNELS);
        let wake = Arc::new(Notify::new());
        let actor = Actor::new(link, inbox, Arc::clone(&wake), patience, lane);
        let clogged = Clogged::clone(&actor.clogged);
        tokio::spawn(actor.run());
        Self { jobs, wake, clogged }
    }

    /// Whether the session has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Runs a command.
    pub(crate) async fn exec(&self, exec: Exec, cancel: &CancellationToken) -> Result<Output, Failure> {
        self.ask(Work::Exec(exec), cancel).await
    }

    /// Asks for a sign of life.
    pub(crate) async fn probe(&self, cancel: &CancellationToken) -> Result<(), Failure> {
        self.ask(Work::Probe, cancel).await.map(drop)
    }

    async fn ask(&self, work: Work, cancel: &CancellationToken) -> Result<Output, Failure> {
        let ticket = Ticket::new();
        let mut stake = Stake::new(ticket.clone(), Arc::clone(&self.wake));
        let (reply, answer) = oneshot::channel();
        let job = Job::new(work, ticket.clone(), Some(reply));
        let asked = async {
            match self.jobs.send(job).await {
                Ok(()) => answer.await.ok(),
                Err(_) => None,
            }
        };
        tokio::pin!(asked);
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                if !stake.give_up() {
                    return Err(Failure::CancelledUnsent);
                }
                // It may end by itself at this very moment; then that is the truth.
                timeout(STOPPED_WITHIN, asked).await.ok().flatten().unwrap_or(Err(Failure::Cancelled))
            }
            answer = &mut asked => {
                stake.answered();
                let why = || "the session had ended".to_owned();
                answer.unwrap_or_else(|| {
                    Err(if ticket.was_sent() { Failure::Lost(why()) } else { Failure::Unsent(why()) })
                })
            }
        }
    }
}
