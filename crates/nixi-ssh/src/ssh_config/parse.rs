//! A file's text to its lines. Pure: an `Include` is only noted here.

use std::path::Path;
use std::sync::Arc;

use super::criteria::{Criterion, Patterns};
use super::{Place, Refusal, words};

/// A line that says something.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) entry: Entry,
}

#[derive(Debug)]
pub(super) enum Entry {
    /// `Host`: what follows is for hosts of these names.
    Host(Patterns),
    /// `Match`: what follows is for whatever all of these hold for.
    Match(Vec<Criterion>),
    /// `Include`: the words, and the lines of each file that they led to.
    Include(Vec<String>, Vec<Vec<Line>>),
    /// A keyword in small letters, with its arguments, at least one.
    Set(String, Vec<String>),
}

/// Reads a text. The first line that ssh would not take either is an error.
pub(super) fn parse(file: &Arc<Path>, text: &str) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let place = Place { file: Arc::clone(file), line: at + 1 };
        let bad = |why: &str| Refusal::at(&place, why, "`ssh -G HOST` shows what ssh makes of the file");
        let Some(words) = words::split(line).map_err(bad)? else { continue };
        if words.arguments.is_empty() {
            return Err(bad(&format!("{} is given no value", words.keyword)));
        }
        let entry = match words.keyword.as_str() {
            "host" => Entry::Host(Patterns::words(&words.arguments)),
            "match" => Entry::Match(Criterion::all(&words.arguments).map_err(|why| bad(&why))?),
            "include" => Entry::Include(words.arguments, Vec::new()),
            _ => Entry::Set(words.keyword, words.arguments),
        };
        lines.push(Line { place, entry });
    }
    Ok(lines)
}
