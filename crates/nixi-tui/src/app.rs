//! The state of the screen, and what each message makes of it. Pure: no clock, no terminal, no session.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use nixi_core::fleet::Probing;
use nixi_core::session::{AdoptRequest, Interpreters};
use nixi_core::{CallId, CallRequest, ErrorReport, Event, Op, Outcome};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::approval::{Approval, Proposal, Ticket, Verdict};
use crate::doubt::{self, OpenDoubt};
use crate::prompt::{Edited, Prompt};
use crate::secret::{self, OpenSecret, Typed};
use crate::slash::{self, Slash};
use crate::theme::Theme;
use crate::transcript::{Entry, Transcript};
use crate::view;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// A key, and when it was read from the terminal.
    Key(KeyEvent, Duration),
    /// Pasted text.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// The screen shows the state as it is.
    Drawn,
    /// Time has passed.
    Tick,
    /// The running request tells something.
    Heard(Event),
    /// The running request has ended.
    Finished(Box<Outcome>),
    /// A plan waits for a yes or a no.
    Asked(Box<Proposal>),
    /// Several things fit a person's words, and which is meant is to be said.
    Unclear(OpenDoubt),
    /// A secret is needed that was not given.
    SecretWanted(OpenSecret),
    /// The nodes of the configuration.
    Fleet(Result<Vec<String>, ErrorReport>),
    /// Which model answers, if any.
    Model(Option<String>),
    /// Requests that are understood without a model.
    Phrases(Vec<&'static str>),
    /// Something to be told.
    Tell(Entry),
    /// The process is told to end, or the terminal has gone.
    Terminate,
}

/// Something to be done outside.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// Starts a request; there is one at a time.
    Perform(Op),
    /// Adopts a machine, by the word of the person who typed it; it runs as a request does.
    Adopt(Box<AdoptRequest>),
    /// Gives the running request up.
    Interrupt,
    /// Yes.
    Approve(Ticket),
    /// These parts alone, counted from 0.
    Keep(Ticket, Vec<usize>),
    /// No.
    Deny(Ticket),
    /// This one of several things was meant, counted from 0.
    Settle(Ticket, usize),
    /// None of them was.
    LeaveOpen(Ticket),
    /// This is the secret.
    Give(Ticket, Typed),
    /// There is none.
    Withhold(Ticket),
    /// Chooses another model.
    SwitchModel(String),
    /// Draws every cell anew.
    Redraw,
    /// Leaves.
    Quit,
}

/// A request that runs.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) since: Duration,
    pub(crate) interrupted: bool,
    /// Calls told so far, so that none is shown twice.
    told: HashSet<CallId>,
    /// Whether a model's words were told as they came.
    spoken: bool,
}

/// All that the screen shows.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) theme: Theme,
    pub(crate) size: Size,
    pub(crate) now: Duration,
    pub(crate) transcript: Transcript,
    /// How many lines the transcript is scrolled up.
    pub(crate) scrolled: usize,
    pub(crate) prompt: Prompt,
    pub(crate) nodes: Vec<String>,
    pub(crate) model: Option<String>,
    phrases: Vec<&'static str>,
    pub(crate) running: Option<Running>,
    pub(crate) approvals: VecDeque<Approval>,
    /// What words mean is settled before anything is asked about.
    pub(crate) doubt: Option<OpenDoubt>,
    /// Secrets that are needed, and what is typed of the first.
    pub(crate) secrets: VecDeque<OpenSecret>,
    /// A word in the status line, until the next key.
    pub(crate) aside: Option<String>,
    pub(crate) frame: usize,
    leaving: bool,
}

impl App {
    /// A screen of this size with the greeting.
    pub(crate) fn new(theme: Theme, size: Size) -> Self {
        Self {
            theme,
            size,
            now: Duration::ZERO,
            transcript: Transcript::new(theme, size.width),
            scrolled: 0,
            prompt: Prompt::default(),
            nodes: Vec::new(),
            model: None,
            phrases: Vec::new(),
            running: None,
            approvals: VecDeque::new(),
            doubt: None,
            secrets: VecDeque::new(),
            aside: None,
            frame: 0,
            leaving: false,
        }
    }

    /// What the message makes of the state, and what is to be done about it. `now` never goes back.
    pub(crate) fn update(&mut self, message: Message, now: Duration) -> Vec<Command> {
        self.now = now;
        let before = self.transcript.len();
        let commands = self.react(message);
        if self.scrolled > 0 {
            // What a person reads stays where it is while more comes in below.
            self.scrolled += self.transcript.len().saturating_sub(before);
        }
        self.scrolled = self.scrolled.min(self.most_scrolled());
        commands
    }

    fn react(&mut self, message: Message) -> Vec<Command> {
        match message {
            Message::Key(key, at) => return self.key(key, at),
            Message::Paste(text) if !self.is_asking() => self.prompt.paste(&text),
            Message::Paste(text) => {
                if let (true, Some(secret)) = (self.approvals.is_empty(), self.secrets.front_mut()) {
                    secret.paste(text);
                }
            }
            Message::Resize(size) => {
                self.size = size;
                self.transcript.resize(size.width);
            }
            Message::Drawn => {
                let (size, now) = (self.size, self.now);
                if let Some(approval) = self.approvals.front_mut() {
                    let drawn = view::modal::drawn(approval, self.theme, size);
                    approval.drawn(drawn, now);
                } else if let Some(doubt) = &mut self.doubt {
                    doubt.drawn(now);
                } else if let Some(secret) = self.secrets.front_mut() {
                    secret.drawn(now);
                }
            }
            Message::Tick => {
                self.frame = self.frame.wrapping_add(1);
                self.transcript.tick();
            }
            Message::Heard(event) => self.hear(event),
            Message::Finished(outcome) => return self.finish(*outcome),
            Message::Asked(proposal) => self.approvals.push_back(Approval::new(*proposal)),
            Message::Unclear(doubt) => self.doubt = Some(doubt),
            Message::SecretWanted(secret) => self.secrets.push_back(secret),
            Message::Fleet(Ok(nodes)) => self.nodes = nodes,
            Message::Fleet(Err(error)) => self.transcript.push(Entry::Error(error)),
            Message::Model(model) => self.model = model,
            Message::Phrases(phrases) => self.phrases = phrases,
            Message::Tell(entry) => self.transcript.push(entry),
            Message::Terminate => return self.leave(),
        }
        Vec::new()
    }

    fn hear(&mut self, event: Event) {
        if let Some(running) = &mut self.running {
            match &event {
                Event::CallEnded(result) => {
                    running.told.insert(result.call);
                }
                Event::Said(_) => running.spoken = true,
                Event::CallsAhead(_)
                | Event::CallStarted { .. }
                | Event::ChangeBegins(_)
                | Event::Node(_)
                | Event::Progress { .. }
                | Event::Output { .. }
                | Event::TakenBack(_)
                | Event::Notice(_) => {}
            }
        }
        self.transcript.hear(event);
    }

    fn finish(&mut self, outcome: Outcome) -> Vec<Command> {
        let Some(running) = self.running.take() else { return Vec::new() };
        let mut commands = self.withdraw();
        for result in outcome.results.into_iter().filter(|result| !running.told.contains(&result.call)) {
            self.transcript.end_call(result);
        }
        self.transcript.drop_running();
        if let Some(answer) = outcome.answer.filter(|answer| !running.spoken && !answer.trim().is_empty()) {
            self.transcript.push(Entry::Said(answer));
        }
        if let Some(error) = outcome.error {
            self.transcript.push(Entry::Error(error));
        }
        if self.leaving {
            commands.push(Command::Quit);
        }
        commands
    }

    fn key(&mut self, key: KeyEvent, at: Duration) -> Vec<Command> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let aside = self.aside.take();
        match (key.code, control) {
            (KeyCode::Char('c'), true) => return self.interrupt(aside.as_deref()),
            (KeyCode::Char('l'), true) => return vec![Command::Redraw],
            _ => {}
        }
        if let Some(approval) = self.approvals.front_mut() {
            let ticket = approval.proposal.ticket;
            return match approval.key(key, at) {
                Verdict::Undecided => Vec::new(),
                Verdict::Approve => self.decided(Command::Approve(ticket)),
                Verdict::Keep(parts) => self.decided(Command::Keep(ticket, parts)),
                Verdict::Deny => self.decided(Command::Deny(ticket)),
            };
        }
        if let Some(doubt) = &mut self.doubt {
            let answer = match doubt.key(key, at) {
                doubt::Verdict::Undecided => return Vec::new(),
                doubt::Verdict::Meant(meaning) => Command::Settle(doubt.ticket, meaning),
                doubt::Verdict::None => Command::LeaveOpen(doubt.ticket),
            };
            self.doubt = None;
            return vec![answer];
        }
        if let Some(secret) = self.secrets.front_mut() {
            let answer = match secret.key(key, at) {
                secret::Verdict::Typing => return Vec::new(),
                secret::Verdict::Given(typed) => Command::Give(secret.ticket, typed),
                secret::Verdict::Withheld => Command::Withhold(secret.ticket),
            };
            self.secrets.pop_front();
            return vec![answer];
        }
        let page = usize::from(view::areas(self.size).transcript.height).saturating_sub(2).max(1);
        match (key.code, control) {
            (KeyCode::Char('d'), true) if self.prompt.is_empty() => return self.leave(),
            (KeyCode::PageUp, _) => self.scrolled += page,
            (KeyCode::PageDown, _) => self.scrolled = self.scrolled.saturating_sub(page),
            (KeyCode::Esc, _) => self.scrolled = 0,
            (KeyCode::Tab, _) => self.aside = self.prompt.complete(&self.nodes),
            (KeyCode::Enter, _) => return self.submit(),
            _ => {
                if self.prompt.key(key) == Edited::TooLong {
                    self.aside = Some("that is more than a line can hold".to_owned());
                }
            }
        }
        Vec::new()
    }

    /// Whether a question stands where the line to type in was.
    pub(crate) fn is_asking(&self) -> bool {
        !self.approvals.is_empty() || self.doubt.is_some() || !self.secrets.is_empty()
    }

    /// No to all that is asked.
    fn withdraw(&mut self) -> Vec<Command> {
        let denied = self.approvals.drain(..).map(|approval| Command::Deny(approval.proposal.ticket));
        let open = self.doubt.take().map(|doubt| Command::LeaveOpen(doubt.ticket));
        let withheld = self.secrets.drain(..).map(|secret| Command::Withhold(secret.ticket));
        denied.chain(open).chain(withheld).collect()
    }

    fn decided(&mut self, command: Command) -> Vec<Command> {
        self.approvals.pop_front();
        vec![command]
    }

    /// Ctrl-C: no to what is asked, an end to what runs; else clears the line; else, twice, leaves.
    fn interrupt(&mut self, aside: Option<&str>) -> Vec<Command> {
        const AGAIN: &str = "Ctrl-C again leaves";
        let mut commands = self.withdraw();
        match &mut self.running {
            Some(running) if running.interrupted => commands.extend([Command::Quit]),
            Some(running) => {
                running.interrupted = true;
                commands.push(Command::Interrupt);
            }
            None if aside == Some(AGAIN) => commands.push(Command::Quit),
            None => {
                self.prompt.clear();
                self.aside = Some(AGAIN.to_owned());
            }
        }
        commands
    }

    /// Says no to what is asked, gives up what runs, and leaves once that has ended.
    fn leave(&mut self) -> Vec<Command> {
        if self.running.is_none() || self.leaving {
            return vec![Command::Quit];
        }
        self.leaving = true;
        self.aside = Some("leaving as soon as this has stopped".to_owned());
        let mut commands = self.withdraw();
        commands.push(Command::Interrupt);
        commands
    }

    fn submit(&mut self) -> Vec<Command> {
        let line = self.prompt.text().trim().to_owned();
        if line.is_empty() {
            return Vec::new();
        }
        if !line.starts_with('/') {
            return self.start(
                &line,
                Op::Ask { words: line.clone(), interpreters: Interpreters::PhrasebookThenModel },
            );
        }
        match slash::parse(&line) {
            Ok(Slash::Adopt(request)) => {
                if !self.begin(&line) {
                    return Vec::new();
                }
                vec![Command::Adopt(request)]
            }
            Ok(Slash::Nodes) => self.start(&line, Op::Call(vec![CallRequest::list_nodes(Probing::Probe)])),
            Ok(Slash::Remove(node)) => {
                self.start(&line, Op::Call(vec![CallRequest::remove_node(node.as_str())]))
            }
            Ok(Slash::Undo(request)) => self.start(&line, Op::Undo(request)),
            Ok(Slash::Model(None)) => {
                self.echo(&line);
                self.transcript.push(match &self.model {
                    Some(model) => Entry::Notice(format!("the model is {model}")),
                    None => Entry::Notice(
                        "no model is configured; set phrases are understood without one".to_owned(),
                    ),
                });
                Vec::new()
            }
            Ok(Slash::Model(Some(model))) => {
                if self.is_busy() {
                    return Vec::new();
                }
                self.echo(&line);
                vec![Command::SwitchModel(model)]
            }
            Ok(Slash::Help) => {
                self.echo(&line);
                self.transcript.push(Entry::Help(some(&self.phrases)));
                Vec::new()
            }
            Ok(Slash::Quit) => {
                self.prompt.clear();
                self.leave()
            }
            Err(error) => {
                self.echo(&line);
                self.transcript.push(Entry::Error(error));
                Vec::new()
            }
        }
    }

    /// One request at a time: while one runs, the line stays where it is.
    fn start(&mut self, line: &str, op: Op) -> Vec<Command> {
        if self.begin(line) { vec![Command::Perform(op)] } else { Vec::new() }
    }

    /// Whether there was room for another request, which now runs.
    fn begin(&mut self, line: &str) -> bool {
        if self.is_busy() {
            return false;
        }
        self.echo(line);
        self.running =
            Some(Running { since: self.now, interrupted: false, told: HashSet::new(), spoken: false });
        true
    }

    fn is_busy(&mut self) -> bool {
        if self.running.is_some() {
            self.aside = Some("still running the last request; Ctrl-C stops it".to_owned());
        }
        self.running.is_some()
    }

    fn echo(&mut self, line: &str) {
        self.prompt.submitted(line);
        self.transcript.push(Entry::You(line.to_owned()));
        self.scrolled = 0;
    }

    /// The line that was typed last held a secret: this is shown and remembered in its place.
    pub(crate) fn replace_line(&mut self, typed: &str, shown: &str) {
        self.prompt.forget(typed, shown);
        self.transcript.replace_line(typed, shown);
    }

    fn most_scrolled(&self) -> usize {
        self.transcript.len().saturating_sub(usize::from(view::areas(self.size).transcript.height))
    }
}

/// A few of them, from all over.
fn some(phrases: &[&'static str]) -> Vec<&'static str> {
    const FEW: usize = 6;
    phrases.iter().step_by(phrases.len().div_ceil(FEW).max(1)).copied().collect()
}

#[cfg(test)]
pub(crate) mod tests;
