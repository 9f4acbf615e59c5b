//! Everything that the program prints goes through here.
//!
//! Results go to standard output, all else to standard error. A reader that has gone away ends the output quietly;
//! any other failure to write is remembered, and told at the end.

pub(crate) mod json;
pub(crate) mod live;
mod order;
mod paint;
pub(crate) mod plan;
pub(crate) mod text;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nixi_core::{ErrorReport, PlanDigest, Review};

pub(crate) use paint::{Paint, Tone};

use crate::args::{Colour, Look};

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
        Self {
            format,
            loudness,
            live,
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

    /// A piece of a result, to be seen at once.
    pub(crate) fn piece(&self, piece: &str) {
        self.put(piece);
    }

    /// Ends a line that pieces began.
    pub(crate) fn end_line(&self) {
        if self.state().mid_line {
            self.put("\n");
        }
    }

    fn put(&self, text: &str) {
        let mut state = self.state();
        if state.broken.is_some() || text.is_empty() {
            return;
        }
        state.mid_line = !text.ends_with('\n');
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            state.broken = Some(error);
        }
    }

    /// Lines on standard error. Nobody can be told if that fails.
    pub(crate) fn say(&self, lines: &str) {
        if self.live {
            self.end_line();
        }
        let _ = writeln!(io::stderr().lock(), "{}", lines.trim_end_matches('\n'));
    }

    /// Lines on standard error that `-q` leaves out.
    pub(crate) fn note(&self, lines: &str) {
        if self.loudness >= Loudness::Normal {
            self.say(lines);
        }
    }

    /// A question, on standard error, with the cursor behind it.
    pub(crate) fn ask(&self, question: &str) {
        if self.live {
            self.end_line();
        }
        let mut err = io::stderr().lock();
        let _ = write!(err, "{question} ").and_then(|()| err.flush());
    }

    /// Colours of standard output.
    pub(crate) fn out(&self) -> Paint {
        self.out
    }

    /// Colours of standard error.
    pub(crate) fn err(&self) -> Paint {
        self.err
    }

    /// A plan that runs, or that a person is asked about: always in full.
    pub(crate) fn plan(&self, review: &Review) {
        self.state().shown.push(review.digest);
        self.say(&plan::lines(review, self.err));
    }

    /// A plan that was not asked about, unless this very plan was shown before.
    pub(crate) fn plan_once(&self, review: &Review) {
        if !self.state().shown.contains(&review.digest) {
            self.plan(review);
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
        match self.state().broken.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("failed to write to standard output: {error}"))
            }
            Some(_) | None => Ok(()),
        }
    }
}
