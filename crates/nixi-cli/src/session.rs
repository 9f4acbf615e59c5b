//! One session, driven from the command line: opened, performed in, interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nixi_core::session::TypedConsent;
use nixi_core::{Asker, CallResult, ErrorKind, ErrorReport, Intent, Op, Outcome, StepStatus};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::approve::{self, NewFailures, Person};
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
    pub(crate) consent: TypedConsent,
    intent: Intent,
    /// Fires when the person presses Ctrl-C, or the program is told to end, also between two operations.
    interrupted: CancellationToken,
}

impl Session {
    /// Opens it as the command line says; from inside the runtime.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub(crate) fn open(globals: &Globals, screen: &Arc<Screen>) -> Result<Self, ErrorReport> {
        let (asker, approver) = nixi::open(&setup(globals))?;
        let consent = approver.typed_consent();
        let interrupted = CancellationToken::new();
        listen(&interrupted);
        let person = if globals.reach.no_wait { Person::Later } else { Person::here() };
        let failures =
            if globals.switching.strict { NewFailures::TakenBack } else { NewFailures::AskedAbout };
        let (questions, screen) = (approver.questions(), Arc::clone(screen));
        tokio::spawn(approve::answer(questions, globals.standing(), person, failures, screen));
        Ok(Self { asker, consent, intent: globals.intent(), interrupted })
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

    /// Fires when the person presses Ctrl-C, or the program is told to end.
    pub(crate) fn interrupted(&self) -> &CancellationToken {
        &self.interrupted
    }
}

/// Fires at the first signal that asks the program to end. A service manager, and a terminal that is closed, ask for the same
/// as Ctrl-C: what runs on nodes for this program alone is to be stopped there.
fn listen(interrupted: &CancellationToken) {
    let was_asked = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let is_of_the_terminal = kind == SignalKind::hangup();
        // Whoever started it with nohup wants it to go on.
        if is_of_the_terminal && ignores_hangups() {
            continue;
        }
        // Where a signal cannot be heard, it ends the program as it ends any other.
        let Ok(mut signal) = signal(kind) else { continue };
        let (fire, was_asked) = (interrupted.clone(), Arc::clone(&was_asked));
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                fire.cancel();
                // A terminal and a shell may both tell that the terminal goes, and a logout adds another signal to that.
                if !is_of_the_terminal && was_asked.swap(true, Ordering::Relaxed) {
                    end_at_once();
                }
            }
        });
    }
}

/// Whether the program was started with SIGHUP ignored: the first bit of a mask in `/proc` (proc(5)). What cannot be read says no.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
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
