//! The loop between the terminal, the state and the session.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nixi_core::session::{Doubt, Pending, Question, SecretWanted, TypedConsent};
use nixi_core::{ApproverHandle, Asker, Intent, Op, Outcome, Refusal};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::{Event as TerminalEvent, KeyEventKind};
use ratatui::layout::Size;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Command, Message};
use crate::approval::{Proposal, Ticket};
use crate::doubt::OpenDoubt;
use crate::events::Input;
use crate::mailbox::Mailbox;
use crate::secret::OpenSecret;
use crate::theme::Theme;
use crate::transcript::Entry;
use crate::view;

/// How often what runs is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// How long a request that was given up may take to end when the person leaves.
const FAREWELL: Duration = Duration::from_secs(3);

/// Drives the state until the person leaves, `stop` fires or the inputs end.
///
/// # Errors
/// When the terminal cannot be drawn on, or a request failed in a way it never should.
pub(crate) async fn drive<B>(
    terminal: &mut Terminal<B>,
    theme: Theme,
    session: (Asker, ApproverHandle),
    mut inputs: mpsc::Receiver<Input>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let (asker, approver) = session;
    let mut app = App::new(theme, terminal.size()?);
    let mut command_cx = CommandCx::new(asker, approver.typed_consent());
    let mut questions = approver.questions();
    let mut stop = std::pin::pin!(stop);
    let mut ticker = tokio::time::interval(TICK);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut messages = command_cx.greeting();
    loop {
        for message in messages.drain(..) {
            let now = command_cx.begun.elapsed();
            for command in app.update(message, now) {
                match command_cx.obey(command, &mut app) {
                    Next::Go => {}
                    Next::Redraw => wipe(terminal)?,
                    Next::Leave => {
                        command_cx.close().await;
                        return Ok(());
                    }
                }
            }
        }
        draw(terminal, &mut app, command_cx.begun)?;
        tokio::select! {
            input = inputs.recv() => match input {
                None => messages.push(Message::Terminate),
                Some(input) => messages.extend(command_cx.message(input)),
            },
            Some(question) = questions.next() => messages.push(command_cx.keep(question)),
            () = command_cx.mailbox.arrived() => {}
            outcome = ended(&mut command_cx.task) => {
                command_cx.task = None;
                messages.extend(command_cx.heard());
                messages.push(Message::Finished(Box::new(outcome?)));
                messages.extend(command_cx.fleet().map(Ok).map(Message::Fleet));
            }
            _ = ticker.tick(), if app.running.is_some() || app.is_asking() => {
                messages.push(Message::Tick);
            }
            () = &mut stop => messages.push(Message::Terminate),
        }
        messages.splice(0..0, command_cx.heard());
        while let Ok(input) = inputs.try_recv() {
            messages.extend(command_cx.message(input));
        }
    }
}

fn draw<B>(terminal: &mut Terminal<B>, app: &mut App, begun: Instant) -> anyhow::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size()?;
    if size != app.size {
        app.update(Message::Resize(size), begun.elapsed());
    }
    terminal.draw(|frame| view::draw(frame, app))?;
    app.update(Message::Drawn, begun.elapsed());
    Ok(())
}

/// Empties the screen, and forgets what was on it. `Terminal::clear` would first ask the terminal where its cursor is, and
/// a link that stalls does not answer.
fn wipe<B: Backend>(terminal: &mut Terminal<B>) -> Result<(), B::Error> {
    terminal.backend_mut().clear()?;
    terminal.swap_buffers();
    Ok(())
}

/// The end of the running request; never, if none runs.
async fn ended(task: &mut Option<JoinHandle<Outcome>>) -> anyhow::Result<Outcome> {
    match task {
        None => std::future::pending().await,
        Some(task) => task.await.map_err(|error| anyhow::anyhow!("a request came to a sudden end: {error}")),
    }
}

enum Next {
    Go,
    Redraw,
    Leave,
}

/// What the screen's commands work with.
struct CommandCx {
    asker: Asker,
    /// Gives the person's word for what they typed.
    consent: TypedConsent,
    begun: Instant,
    mailbox: Arc<Mailbox>,
    task: Option<JoinHandle<Outcome>>,
    cancel: CancellationToken,
    /// Reviews without an answer. Dropped, each is a no.
    pending: BTreeMap<Ticket, Pending>,
    /// Doubts that nobody has settled. Dropped, each is left open.
    doubts: BTreeMap<Ticket, Doubt>,
    /// Secrets that nobody has given. Dropped, each is not given.
    secrets: BTreeMap<Ticket, SecretWanted>,
    tickets: u64,
}

impl CommandCx {
    fn new(asker: Asker, consent: TypedConsent) -> Self {
        Self {
            asker,
            consent,
            begun: Instant::now(),
            mailbox: Arc::default(),
            task: None,
            cancel: CancellationToken::new(),
            pending: BTreeMap::new(),
            doubts: BTreeMap::new(),
            secrets: BTreeMap::new(),
            tickets: 0,
        }
    }

    fn greeting(&self) -> Vec<Message> {
        let names = self
            .asker
            .nodes()
            .map(|nodes| names(&nodes))
            .map_err(|error| error.hint("nothing can be asked until that is put right"));
        let phrases = self.asker.phrases();
        vec![Message::Model(self.asker.model()), Message::Phrases(phrases), Message::Fleet(names)]
    }

    /// The nodes as they are configured now; a configuration that broke meanwhile is told by the next request.
    fn fleet(&self) -> Option<Vec<String>> {
        self.asker.nodes().ok().map(|nodes| names(&nodes))
    }

    fn message(&self, input: Input) -> Option<Message> {
        match input.event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                Some(Message::Key(key, input.at.saturating_duration_since(self.begun)))
            }
            TerminalEvent::Paste(text) => Some(Message::Paste(text)),
            TerminalEvent::Resize(width, height) => Some(Message::Resize(Size { width, height })),
            TerminalEvent::Key(_)
            | TerminalEvent::FocusGained
            | TerminalEvent::FocusLost
            | TerminalEvent::Mouse(_) => None,
        }
    }

    fn heard(&self) -> Vec<Message> {
        self.mailbox.take().into_iter().map(Message::Heard).collect()
    }

    fn keep(&mut self, question: Question) -> Message {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        match question {
            Question::Approval(pending) => {
                let proposal = Proposal::of(ticket, pending.review());
                self.pending.insert(ticket, pending);
                Message::Asked(Box::new(proposal))
            }
            Question::Secret(wanted) => {
                let shown = OpenSecret::of(ticket, &wanted);
                self.secrets.insert(ticket, wanted);
                Message::SecretWanted(shown)
            }
            Question::Meaning(doubt) | Question::Verdict(doubt) => {
                let shown = OpenDoubt::of(ticket, &doubt);
                self.doubts.insert(ticket, doubt);
                Message::Unclear(shown)
            }
        }
    }

    fn obey(&mut self, command: Command, app: &mut App) -> Next {
        match command {
            Command::Perform(Op::Ask { words, interpreters }) => {
                // The line is shown and remembered without the secrets in it.
                let hidden = self.asker.without_secrets(&words);
                if hidden != words {
                    app.replace_line(&words, &hidden);
                }
                self.perform(Op::Ask { words: hidden, interpreters });
            }
            Command::Perform(op) => self.perform(op),
            Command::Adopt(request) => self.perform(self.consent.adopt(*request)),
            Command::Interrupt => self.cancel.cancel(),
            Command::Approve(ticket) => {
                if let Some(pending) = self.pending.remove(&ticket) {
                    pending.approve();
                }
            }
            Command::Keep(ticket, parts) => {
                if let Some(pending) = self.pending.remove(&ticket) {
                    pending.only(parts);
                }
            }
            Command::Deny(ticket) => {
                if let Some(pending) = self.pending.remove(&ticket) {
                    pending.deny(Refusal::Person);
                }
            }
            Command::Settle(ticket, meaning) => {
                if let Some(doubt) = self.doubts.remove(&ticket) {
                    doubt.settle(meaning);
                }
            }
            Command::Give(ticket, typed) => match (self.secrets.remove(&ticket), typed.into_secret()) {
                (Some(wanted), Some(secret)) => wanted.give(secret),
                (Some(wanted), None) => wanted.give_none(),
                (None, _) => {}
            },
            Command::Withhold(ticket) => {
                if let Some(wanted) = self.secrets.remove(&ticket) {
                    wanted.give_none();
                }
            }
            Command::LeaveOpen(ticket) => {
                self.doubts.remove(&ticket);
            }
            Command::SwitchModel(name) => {
                let told = match self.asker.switch_model(&name) {
                    Ok(()) => Entry::Notice(format!("from now on the model is {name}")),
                    Err(error) => Entry::Error(error),
                };
                for message in [Message::Model(self.asker.model()), Message::Tell(told)] {
                    app.update(message, self.begun.elapsed());
                }
            }
            Command::Redraw => return Next::Redraw,
            Command::Quit => return Next::Leave,
        }
        Next::Go
    }

    fn perform(&mut self, op: Op) {
        self.cancel = CancellationToken::new();
        let (asker, mailbox, cancel) = (self.asker.clone(), Arc::clone(&self.mailbox), self.cancel.clone());
        self.task =
            Some(tokio::spawn(async move { asker.perform(op, Intent::Perform, &*mailbox, &cancel).await }));
    }

    /// Nothing is approved any more, and what runs is given up.
    async fn close(&mut self) {
        self.pending.clear();
        self.doubts.clear();
        self.secrets.clear();
        self.cancel.cancel();
        if let Some(task) = self.task.take() {
            // A node that does not answer must not hold the person back.
            let _ = tokio::time::timeout(FAREWELL, task).await;
        }
    }
}

fn names(nodes: &[nixi_core::Node]) -> Vec<String> {
    nodes.iter().map(|node| node.name().to_string()).collect()
}

#[cfg(test)]
mod tests;
