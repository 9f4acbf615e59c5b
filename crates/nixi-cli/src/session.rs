//! One session, driven from the command line: opened, performed in, interrupted.

use std::sync::Arc;
use std::time::Duration;

use nixi_core::session::Voucher;
use nixi_core::{Asker, CallResult, ErrorKind, ErrorReport, Intent, Op, Outcome, StepStatus};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::approve::{self, Person};
use crate::args::Globals;
use crate::exit::Exit;
use crate::output::Screen;
use crate::output::live::Live;

/// How long what was interrupted has to say how it ended.
const GRACE: Duration = Duration::from_millis(800);

/// An open session, with the person on the terminal behind its approver.
pub(crate) struct Session {
    pub(crate) asker: Asker,
    /// Gives the person's word for what they typed.
    pub(crate) voucher: Voucher,
    intent: Intent,
    /// Fires when the person presses Ctrl-C, also between two operations.
    interrupted: CancellationToken,
}

impl Session {
    /// Opens it as the command line says; from inside the runtime.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub(crate) fn open(globals: &Globals, screen: &Arc<Screen>) -> Result<Self, ErrorReport> {
        let (asker, approver) = nixi::open(&setup(globals))?;
        let voucher = approver.voucher();
        let interrupted = CancellationToken::new();
        // Where signals cannot be heard, Ctrl-C ends the program as it ends any other.
        if let Ok(mut signal) = signal(SignalKind::interrupt()) {
            let fire = interrupted.clone();
            tokio::spawn(async move {
                signal.recv().await;
                fire.cancel();
                signal.recv().await;
                end_at_once();
            });
        }
        let person = if globals.reach.no_wait { Person::Later } else { Person::here() };
        tokio::spawn(approve::answer(approver.questions(), globals.standing(), person, Arc::clone(screen)));
        Ok(Self { asker, voucher, intent: globals.intent(), interrupted })
    }

    /// Performs one operation, or as much of it as the person lets it.
    pub(crate) async fn perform(&self, op: Op, live: &Live<'_>) -> Ended {
        let cancel = CancellationToken::new();
        let mut work = std::pin::pin!(self.asker.perform(op, self.intent, live, &cancel));
        tokio::select! {
            biased;
            () = self.interrupted.cancelled() => {
                cancel.cancel();
                let outcome = match tokio::time::timeout(GRACE, work).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome { results: live.left_behind(&self.asker.left_behind()), ..Outcome::default() },
                };
                // What is followed ends like that, and nothing went wrong.
                let is_done = |result: &CallResult| result.status == StepStatus::Done;
                let is_all_done = live.has_followed() && outcome.results.iter().all(is_done);
                let error = (!is_all_done).then(|| ErrorReport::new(ErrorKind::Cancelled, "interrupted"));
                Ended { exit: Exit::INTERRUPTED, outcome: Outcome { error, ..outcome } }
            }
            never = live.stream() => match never {},
            outcome = &mut work => Ended { exit: Exit::of(&outcome), outcome },
        }
    }

    /// Fires when the person presses Ctrl-C.
    pub(crate) fn interrupted(&self) -> &CancellationToken {
        &self.interrupted
    }
}

/// For a person who does not want to wait for the rest of a second, or for an output that nobody reads.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing is to be waited for: the kernel lets go of every lock and socket"
)]
fn end_at_once() {
    crate::hidden::restore();
    std::process::exit(Exit::INTERRUPTED.code())
}

/// How an operation ended.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) exit: Exit,
}

impl Ended {
    /// Shows what has not been shown yet.
    pub(crate) fn conclude(&self, live: &Live<'_>) -> Exit {
        live.conclude(&self.outcome);
        self.exit
    }
}

/// Where the configuration is, by the command line.
pub(crate) fn setup(globals: &Globals) -> nixi::Setup {
    nixi::Setup { config: globals.config.clone(), state: None }
}
