//! Everything that the program prints goes through here.
//!
//! Results go to standard output, all else to standard error. A reader that has gone away ends the output quietly;
//! any other failure to write is remembered, and told at the end.

mod diff;
pub(crate) mod doubt;
mod fold;
pub(crate) mod json;
pub(crate) mod live;
pub(crate) mod order;
mod paint;
pub(crate) mod plan;
mod recap;
mod speech;
pub(crate) mod text;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nixi_core::session::{Doubt, SecretWanted};
use nixi_core::{ErrorReport, Origin, Part, PlanDigest, Review};
use rustix::fd::AsFd;
use rustix::termios::tcgetwinsize;

pub(crate) use paint::{Paint, Tone};

use self::diff::Length;
use self::speech::Speech;
use crate::args::{Colour, Look};

/// The width of a terminal that does not tell it.
const COLUMNS: u16 = 80;
/// How high one is that does not tell.
const ROWS: usize = 24;

/// What is printed on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// What people read, as it comes.
    Text,
    /// One document, at the end.
    Json,
}

/// How much is told beside the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loudness {
    /// Errors and questions.
    Quiet,
    /// Plans and notices as well.
    Normal,
    /// Every call as it begins and ends.
    Verbose,
}

/// The terminal, or whatever stands in its place.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) format: Format,
    pub(crate) loudness: Loudness,
    /// Whether standard output is a terminal.
    pub(crate) live: bool,
    /// Whether a line on standard error can be written over.
    can_rewrite: bool,
    out: Paint,
    err: Paint,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Why standard output takes no more.
    broken: Option<io::Error>,
    /// Whether the last thing on standard output was a piece of a line.
    mid_line: bool,
    shown: Vec<PlanDigest>,
    /// A model's words, as they are marked.
    speech: Speech,
    /// Words that are not printed yet, where nobody watches them come: they may be taken back.
    unprinted: String,
    /// What has to wait while a question stands: nothing may come between it and its answer.
    held: Option<Vec<Piece>>,
    /// Whether a line stands on standard error that the next output takes away.
    fleeting: bool,
}

#[derive(Debug)]
enum Piece {
    Out(String),
    Err(String),
}

impl State {
    fn out(&mut self, text: &str) {
        if let Some(held) = &mut self.held {
            return held.push(Piece::Out(text.to_owned()));
        }
        if self.broken.is_some() || text.is_empty() {
            return;
        }
        self.wipe();
        self.mid_line = !text.ends_with('\n');
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.broken = Some(error);
        }
    }

    /// Nobody can be told if that fails.
    fn err(&mut self, text: &str) {
        if let Some(held) = &mut self.held {
            return held.push(Piece::Err(text.to_owned()));
        }
        self.wipe();
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// Back to the beginning of the line, and nothing more on it.
const WIPE: &str = "\r\u{1b}[K";

impl State {
    /// Takes the fleeting line away.
    fn wipe(&mut self) {
        if std::mem::take(&mut self.fleeting) {
            let mut err = io::stderr().lock();
            let _ = err.write_all(WIPE.as_bytes()).and_then(|()| err.flush());
        }
    }

    /// Shows a line that the next output takes away; nothing if another line is not at its end.
    fn flash(&mut self, line: &str) {
        if self.held.is_some() || self.mid_line {
            return;
        }
        let mut err = io::stderr().lock();
        self.fleeting = write!(err, "{WIPE}{line}").and_then(|()| err.flush()).is_ok();
    }
}

impl Screen {
    /// As the command line asks for.
    pub(crate) fn new(look: &Look) -> Self {
        let loudness = match (look.quiet, look.verbose) {
            (true, _) => Loudness::Quiet,
            (false, true) => Loudness::Verbose,
            (false, false) => Loudness::Normal,
        };
        Self::with(if look.json { Format::Json } else { Format::Text }, loudness, look.color)
    }

    /// For an error that comes before the command line is understood.
    pub(crate) fn early(json: bool) -> Self {
        Self::with(if json { Format::Json } else { Format::Text }, Loudness::Normal, Colour::Auto)
    }

    fn with(format: Format, loudness: Loudness, colour: Colour) -> Self {
        let live = io::stdout().is_terminal();
        let is_dumb = !nixi_tui::can_draw(std::env::var_os("TERM").as_deref());
        Self {
            format,
            loudness,
            live,
            // Where results go elsewhere, a pager may have the terminal.
            can_rewrite: live && io::stderr().is_terminal() && !is_dumb && loudness >= Loudness::Normal,
            out: Paint::new(colour, live),
            err: Paint::new(colour, io::stderr().is_terminal()),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A result: whole lines on standard output.
    pub(crate) fn result(&self, lines: &str) {
        self.put(&format!("{}\n", lines.trim_end_matches('\n')));
    }

    /// A piece of a model's words, each line of them marked as its own. On a terminal it is seen at once.
    pub(crate) fn words(&self, piece: &str) {
        let mut state = self.state();
        if self.live {
            let piece = state.speech.say(piece, columns_of(io::stdout()));
            state.out(&piece);
        } else {
            state.unprinted.push_str(piece);
        }
    }

    /// The words that came last were no part of the answer.
    pub(crate) fn take_back(&self, words: &str) {
        if self.live {
            self.say("(The text above was the model's thinking, not its answer.)");
        } else {
            let mut state = self.state();
            let left = state.unprinted.strip_suffix(words).map_or(0, str::len);
            state.unprinted.truncate(left);
        }
    }

    /// A blank line between results and the words below them.
    pub(crate) fn blank(&self) {
        self.put("\n");
    }

    /// Ends a line that words began.
    pub(crate) fn end_line(&self) {
        let mut state = self.state();
        let columns = if self.live { columns_of(io::stdout()) } else { usize::MAX };
        let unprinted = std::mem::take(&mut state.unprinted);
        let mut rest = state.speech.say(&unprinted, columns);
        rest.push_str(&state.speech.end(columns));
        state.out(&rest);
        if state.mid_line {
            state.out("\n");
        }
    }

    fn put(&self, text: &str) {
        self.state().out(text);
    }

    /// Lines on standard error.
    pub(crate) fn say(&self, lines: &str) {
        if self.live {
            self.end_line();
        }
        self.state().err(&format!("{}\n", lines.trim_end_matches('\n')));
    }

    /// Lines on standard error that `-q` leaves out.
    pub(crate) fn note(&self, lines: &str) {
        if self.loudness >= Loudness::Normal {
            self.say(lines);
        }
    }

    /// How far it is, on a terminal: a line that is gone once anything else is printed.
    pub(crate) fn progress(&self, words: &str) {
        if self.can_rewrite {
            let room = columns_of(io::stderr()).saturating_sub(1);
            let line = self.err.of(Tone::Faint, &nixi_core::text::fit(words, room));
            self.state().flash(&line);
        }
    }

    /// A plan and the question below it, on standard error, with the cursor behind it. Until [`Screen::answered`],
    /// nothing else is printed.
    pub(crate) fn ask(&self, review: &Review) {
        if self.live {
            self.end_line();
        }
        let columns = columns_of(io::stderr());
        // What a model wrote is never approved unseen.
        let length = match review.origin {
            Origin::Model => Length::Whole,
            Origin::Person => Length::Folded,
        };
        let plan = plan::lines(review, columns, self.err, length);
        let rule = plan::rule(columns, self.err);
        // The rule and the question have a row each.
        let is_long = plan.lines().count() + 2 > rows_of(io::stderr());
        let recap =
            if is_long { format!("\n{}", plan::recap(review, columns, self.err)) } else { String::new() };
        let mut state = self.state();
        state.shown.extend(review.parts.iter().map(|part| part.digest));
        state.err(&format!("{rule}\n{plan}{recap}\n{} ", plan::question(review)));
        state.held.get_or_insert_default();
    }

    /// The same for words that several things fit.
    pub(crate) fn ask_which(&self, doubt: &Doubt) {
        if self.live {
            self.end_line();
        }
        let columns = columns_of(io::stderr());
        let (rule, lines) = (plan::rule(columns, self.err), doubt::lines(doubt, columns, self.err));
        let mut state = self.state();
        state.err(&format!("{rule}\n{lines}\n{} ", doubt::question(doubt)));
        state.held.get_or_insert_default();
    }

    /// The same for a secret that is needed.
    pub(crate) fn ask_secret(&self, wanted: &SecretWanted) {
        if self.live {
            self.end_line();
        }
        let rule = plan::rule(columns_of(io::stderr()), self.err);
        let what = format!("{} needs the secret {}.", wanted.purpose(), wanted.name());
        let what = self.err.of(Tone::Title, &what);
        let mut state = self.state();
        state.err(&format!("{rule}\n{what}\nType it (nothing is shown), or Enter to give none: "));
        state.held.get_or_insert_default();
    }

    /// The question anew, below why it is.
    pub(crate) fn ask_again(&self, why: &str, question: &str) {
        self.remark(why);
        let mut err = io::stderr().lock();
        let _ = write!(err, "\n{question} ").and_then(|()| err.flush());
    }

    /// A remark below a question that stands.
    pub(crate) fn remark(&self, why: &str) {
        let _ = write!(io::stderr().lock(), "\n{}", self.err.of(Tone::Faint, why));
    }

    /// The question was answered, or will not be: what had to wait is printed.
    pub(crate) fn answered(&self, ends_line: bool) {
        let mut state = self.state();
        let Some(held) = state.held.take() else { return };
        if !ends_line {
            state.err("\n");
        }
        for piece in held {
            match piece {
                Piece::Out(text) => state.out(&text),
                Piece::Err(text) => state.err(&text),
            }
        }
    }

    /// Colours of standard output.
    pub(crate) fn out(&self) -> Paint {
        self.out
    }

    /// Colours of standard error.
    pub(crate) fn err(&self) -> Paint {
        self.err
    }

    /// A plan that runs without a question: always in full.
    pub(crate) fn plan(&self, review: &Review) {
        self.state().shown.extend(review.parts.iter().map(|part| part.digest));
        self.say(&plan::lines(review, columns_of(io::stderr()), self.err, Length::Whole));
    }

    /// A plan that was not asked about, unless this very plan was shown before.
    pub(crate) fn plan_once(&self, part: &Part) {
        let is_new = {
            let mut state = self.state();
            let is_new = !state.shown.contains(&part.digest);
            state.shown.push(part.digest);
            is_new
        };
        if is_new {
            self.say(&plan::part(part, columns_of(io::stderr()), self.err));
        }
    }

    /// An error that ends the program: as the document of `--json`, else on standard error.
    pub(crate) fn fail(&self, error: &ErrorReport) {
        match self.format {
            Format::Json => self.document(&json::error(error)),
            Format::Text => self.say(&text::error(error, self.err)),
        }
    }

    /// The one document of `--json`.
    pub(crate) fn document(&self, document: &serde_json::Value) {
        let text = if self.live { format!("{document:#}") } else { document.to_string() };
        self.result(&text);
    }

    /// Whether all that belongs on standard output got there; a reader that left early had what it wanted.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        self.answered(false);
        self.state().wipe();
        match self.state().broken.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("failed to write to standard output: {error}"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The height of the terminal; a usual one where it does not tell.
fn rows_of(stream: impl AsFd) -> usize {
    let rows = tcgetwinsize(stream).map_or(0, |size| size.ws_row);
    if rows == 0 { ROWS } else { usize::from(rows) }
}

/// The width of the terminal; what is no terminal has no end.
fn columns_of(stream: impl AsFd) -> usize {
    let size = tcgetwinsize(stream).map(|size| size.ws_col);
    size.map_or(usize::MAX, |columns| usize::from(if columns == 0 { COLUMNS } else { columns }))
}
