//! A file's text to its lines. Pure, but for what its values are looked up in; an `Include` is only noted here.

use std::path::Path;
use std::sync::Arc;

use super::criteria::Condition;
use super::pattern::List;
use super::system::System;
use super::table::{Means, Setting, find};
use super::words::{Fault, split};
use super::{Place, Refusal};

/// A line that says something.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) entry: Entry,
}

#[derive(Debug)]
pub(super) enum Entry {
    /// `Host`: what follows is for hosts of these names. ssh does not take an empty one, as far as it reads.
    Host(Vec<String>, List),
    /// `Match`: what follows is for whatever this holds for.
    Match(Condition),
    /// `Include`: the words, and what each led to.
    Include(Vec<String>, Vec<Included>),
    /// A word that is looked at, with its values, of which there may be none.
    Set(Setting, Vec<String>),
    /// A word that ssh does not know, unless it was told to pass over it.
    Unknown(String),
}

/// A part of what an `Include` means.
#[derive(Debug)]
pub(super) enum Included {
    File(Vec<Line>),
    /// The path depends on what is not known when the files are read.
    Unclear(String),
}

/// Whose text it is that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) file: &'a Arc<Path>,
    pub(super) bytes: &'a [u8],
}

/// Reads a text. The first line that ssh would not take, whoever it is asked for, is an error.
pub(super) fn parse(text: Text<'_>, system: &System<'_>) -> Result<Vec<Line>, Refusal> {
    let at = |line| Place { file: Arc::clone(text.file), line };
    if text.bytes.starts_with(b"\xff\xfe") || text.bytes.starts_with(b"\xfe\xff") {
        let hint = "save it as UTF-8 without a byte-order mark";
        return Err(Refusal::at(&at(1), "the file is in UTF-16, which ssh does not read", hint));
    }
    let mut lines = Vec::new();
    for (number, line) in text.bytes.split(|&b| b == b'\n').enumerate() {
        let place = at(number + 1);
        if line.contains(&0) {
            let why = "the line has a NUL byte in it, behind which ssh reads nothing";
            return Err(Refusal::at(&place, why, "take the byte out"));
        }
        let line = match std::str::from_utf8(line) {
            Ok(line) => line,
            Err(error) => {
                // A comment is of no concern. ssh takes the bytes as they are, and they name something else than any text of ours.
                let (before, _) = line.split_at(error.valid_up_to());
                match std::str::from_utf8(before).ok().and_then(before_comment) {
                    Some(line) => line,
                    None => {
                        let hint = "save the file as UTF-8; rename what it names if that is not";
                        return Err(Refusal::at(
                            &place,
                            "the line is not UTF-8, which Nixi does not read",
                            hint,
                        ));
                    }
                }
            }
        };
        if let Some(entry) = entry(line, system, &place)? {
            lines.push(Line { place, entry });
        }
    }
    Ok(lines)
}

/// What stands before a comment, if what follows on this text is part of one.
fn before_comment(text: &str) -> Option<&str> {
    if text.trim_start_matches([' ', '\t', '\r']).starts_with('#') {
        return Some("");
    }
    let at = [" #", "\t#"].iter().filter_map(|mark| text.find(mark)).min()?;
    let line = text.get(..at)?;
    // A command and a jump host go on behind a `#`, and so does what is quoted.
    let words = line.to_ascii_lowercase();
    let goes_on = ["command", "proxyjump", "\"", "'", "\\"].iter().any(|word| words.contains(word));
    (!goes_on).then_some(line)
}

fn entry(line: &str, system: &System<'_>, place: &Place) -> Result<Option<Entry>, Refusal> {
    let bad = |why: &str| Refusal::at(place, why, "`ssh -G HOST` shows what ssh makes of the file");
    let words = match split(line) {
        Ok(Some(words)) => words,
        Ok(None) => return Ok(None),
        Err(Fault::OpenQuote) => return Err(bad("a quote is not closed")),
        Err(Fault::NoValue(keyword)) => return Err(bad(&format!("{keyword:?} is given no value"))),
    };
    let Some(word) = find(&words.keyword) else { return Ok(Some(Entry::Unknown(words.keyword))) };
    word.shape.check(&words, system).map_err(|wrong| bad(&format!("{} {wrong}", words.keyword)))?;
    Ok(match word.means {
        Means::Host => Some(Entry::Host(words.arguments.clone(), List::words(&words.arguments))),
        Means::Match => {
            let condition = Condition::read(&words).map_err(|wrong| bad(&format!("match {wrong}")))?;
            Some(Entry::Match(condition))
        }
        Means::Include => Some(Entry::Include(words.arguments, Vec::new())),
        Means::Setting(
            setting @ (Setting::ProxyJump | Setting::ProxyCommand | Setting::KnownHostsCommand),
        ) => {
            let whole = words.rest.trim_start_matches([' ', '\t', '\r', '=']);
            Some(Entry::Set(setting, vec![whole.to_owned()]))
        }
        Means::Setting(setting) => Some(Entry::Set(setting, words.arguments)),
        Means::Nothing => None,
    })
}
