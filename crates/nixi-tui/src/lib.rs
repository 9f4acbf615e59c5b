//! The terminal UI: a transcript, a line to type in, and the question before every change.
//!
//! It drives a session of nixi-core and knows nothing else of Nixi: no tool, no policy, no SSH. The state
//! (`app`) is pure and drawn by pure functions (`view`); the `driver` stands between it, the terminal and the
//! session.
//!
//! **Invariants.** A plan is approved by a key that was pressed after the whole plan had been on the screen; default,
//! doubt and leaving mean no. Nothing that a terminal obeys reaches the screen as text.

mod ability;
mod app;
mod approval;
mod complete;
mod doubt;
mod driver;
mod events;
mod history;
mod mailbox;
mod prompt;
mod secret;
mod slash;
mod terminal;
mod theme;
mod transcript;
mod view;

use std::io::IsTerminal;

use anyhow::Context;
use nixi_core::{ApproverHandle, Asker, ErrorKind, ErrorReport};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use ability::can_draw;

/// Why there can be no terminal UI here, before anything is sent to the terminal; nothing if there can.
#[must_use]
pub fn refusal() -> Option<ErrorReport> {
    let term = std::env::var_os("TERM");
    let why = match term.as_deref() {
        term if can_draw(term) => return None,
        None => "it has no TERM".to_owned(),
        Some(term) => format!("TERM is {term:?}"),
    };
    let message = format!("this terminal cannot show the terminal UI: {why}");
    let hint = "typed commands work here: nixi nodes, nixi \"show me system info\"; nixi --help lists them. If the \
                terminal can do more, say so: TERM=xterm nixi";
    Some(ErrorReport::new(ErrorKind::Usage, message).hint(hint))
}

/// Runs the terminal UI until the person leaves, and gives the terminal back as it was.
///
/// # Errors
/// When there is no terminal, or it cannot be drawn on; [`refusal`] tells the latter beforehand.
pub async fn run(asker: Asker, approver: ApproverHandle) -> anyhow::Result<()> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        anyhow::bail!("the terminal UI needs a terminal; `nixi --help` lists what works without one");
    }
    if let Some(refusal) = refusal() {
        anyhow::bail!("{refusal}");
    }
    let stop = told_to_end().context("failed to listen for signals")?;
    let mut screen = terminal::Screen::take().context("failed to take the terminal over")?;
    let (_reader, inputs) = events::Reader::start();
    driver::drive(screen.terminal(), theme::Theme::of_environment(), (asker, approver), inputs, stop).await
}

/// Ends when the process is told to end.
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let [mut terminate, mut hangup, mut interrupt]: [Signal; 3] =
        [signal(kinds[0])?, signal(kinds[1])?, signal(kinds[2])?];
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
