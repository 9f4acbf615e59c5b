//! What Nix says on its standard error while it works, read as it comes.
//!
//! From Nix 2.4 on that is asked for in JSON, a line for each event (`@nix {…}`, "internal-json"); before, and for an evaluation, it
//! is the text that people read. A Nix that says either in other words is followed with less detail, and never fails for it.

mod activities;
mod announced;

use std::collections::VecDeque;

use nixi_core::plan::Progress;

use self::activities::Activities;
use self::announced::{Announced, Heard};
use crate::bytes::human;

/// The most bytes of a line that are looked at; of a longer one, the beginning.
const LINE: usize = 256 * 1024;
/// How many characters of a line are kept, and of a path.
const KEPT: usize = 2048;
/// How many of the last lines are kept of what it said, and of what each builder printed.
const LINES: usize = 200;

/// Everything that was said so far, as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct NixOutput {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The last lines for people.
    said: VecDeque<String>,
    announced: Announced,
    activities: Activities,
}

impl NixOutput {
    /// All of it at once.
    pub(crate) fn of(said: &[u8]) -> Self {
        let mut output = Self::default();
        output.take(said);
        output.end();
        output
    }

    /// Takes the next bytes.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        while let Some(at) = bytes.iter().position(|&byte| byte == b'\n') {
            let (rest, next) = bytes.split_at(at);
            self.keep(rest);
            self.end_line();
            bytes = next.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
    }

    /// Nothing more will come: what has no end is a line as well.
    pub(crate) fn end(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        match line.strip_prefix("@nix ") {
            None => self.hear(&line),
            Some(event) => {
                if let Some(message) = self.activities.take(event) {
                    message.lines().for_each(|line| self.hear(line));
                }
            }
        }
    }

    /// A line for people.
    fn hear(&mut self, line: &str) {
        let line = without_colours(line.trim_end());
        self.announced.take(&line);
        keep_last(&mut self.said, &line);
    }

    /// How far it is, where that can be told.
    pub(crate) fn progress(&self) -> Option<Progress> {
        let (announced, doing) = (&self.announced, &self.activities);
        if let Some(waiting) = doing.waiting() {
            return Some(Progress::phase(waiting_for(waiting)));
        }
        if let Some(path) = doing.building() {
            let (done, known) = doing.builds();
            let total = if announced.builds > 0 { announced.builds } else { known };
            return Some(counted(&format!("building {}", name_of(path)), done, total));
        }
        if doing.is_fetching() {
            let (bytes, known) = doing.fetched();
            let total = if announced.bytes > 0 { announced.bytes } else { known };
            let (done, paths) = doing.copies();
            let paths = if announced.paths > 0 { announced.paths } else { paths };
            let phase = match total {
                0 => format!("fetching, {} so far", human(bytes)),
                total => format!("fetching {} of {}", human(bytes.min(total)), human(total)),
            };
            return Some(counted(&phase, done, paths));
        }
        let before = |count: u64| count.saturating_sub(1);
        match &announced.last {
            None => None,
            Some(Heard::Waiting(path)) => Some(Progress::phase(waiting_for(path))),
            Some(Heard::Building(path)) => {
                let phase = format!("building {}", name_of(path));
                Some(counted(&phase, before(announced.built), announced.builds))
            }
            Some(Heard::Copying(_)) => {
                let phase = match announced.bytes {
                    0 => "fetching".to_owned(),
                    bytes => format!("fetching {}", human(bytes)),
                };
                Some(counted(&phase, before(announced.copied), announced.paths))
            }
        }
    }

    /// Whether somebody else holds what it needs.
    pub(crate) fn is_waiting(&self) -> bool {
        let (heard, doing) = (&self.announced.last, &self.activities);
        let is_idle = doing.building().is_none() && !doing.is_fetching();
        doing.waiting().is_some() || (is_idle && matches!(heard, Some(Heard::Waiting(_))))
    }

    /// The last lines for people, without those of builders as far as those can be told apart.
    pub(crate) fn said(&self) -> String {
        self.said.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// The last lines that the builder of this derivation printed, a path in the store, as far as they came as such.
    pub(crate) fn log(&self, derivation: &str) -> Vec<&str> {
        self.activities.log(derivation)
    }
}

/// How many of how many, where that is known.
fn counted(phase: &str, done: u64, total: u64) -> Progress {
    match total {
        0 => Progress::phase(phase),
        total => Progress::phase(phase).behind(done, total),
    }
}

fn waiting_for(path: &str) -> String {
    match path.is_empty() {
        true => "waiting for another build".to_owned(),
        false => format!("waiting for another build of {}", name_of(path)),
    }
}

/// The name of a path in the store, as `hello-2.12`.
pub(crate) fn name_of(path: &str) -> &str {
    let name = path.strip_prefix("/nix/store/").unwrap_or(path);
    let name = match name.split_once('-') {
        Some((hash, name)) if hash.len() == 32 => name,
        Some(_) | None => name,
    };
    name.strip_suffix(".drv").unwrap_or(name)
}

fn keep_last(lines: &mut VecDeque<String>, line: &str) {
    if lines.len() == LINES {
        lines.pop_front();
    }
    lines.push_back(shortened(line));
}

/// As much of a text as is kept of it.
fn shortened(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

/// Without what colours it (ECMA-48, "CSI"): Nix marks its messages even where no terminal is.
fn without_colours(line: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = sequence.find(|c: char| ('@'..='~').contains(&c));
        rest = end.and_then(|end| sequence.get(end + 1..)).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests;
