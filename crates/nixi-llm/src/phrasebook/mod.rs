//! The phrasebook: set phrases, understood to the last word or not at all.
//!
//! It needs no model, no network and no clock, and it never guesses: a request that fits two meanings, or that fits
//! one but for a word, is not understood. Names are taken to the letter; nodes, containers and units are looked up
//! later, by whoever makes the calls. [`table`](self) holds all that it knows.

mod nearest;
mod pattern;
mod row;
mod table;
mod words;

use nixi_core::session::{CallRequest, Phrases, Reading};

use self::pattern::{Filled, Part};
use self::row::{Kind, Row};
use self::table::rows;
use self::words::{Vocabulary, Word};

/// The longest request that can be a phrase, in bytes. Longer ones are for a model.
const LONGEST: usize = 4096;

/// Reads set phrases. Cheap to ask, and the same answer every time.
#[derive(Debug)]
pub struct Phrasebook {
    rows: Vec<(&'static Row, Vec<Vec<Part>>)>,
    vocabulary: Vocabulary,
}

impl Phrasebook {
    /// The phrasebook of this version.
    #[must_use]
    pub fn new() -> Self {
        let rows: Vec<(&Row, Vec<Vec<Part>>)> = rows()
            .map(|row| (row, row.patterns.iter().filter_map(|pattern| pattern::parse(pattern)).collect()))
            .collect();
        let patterns = rows.iter().flat_map(|(_, patterns)| patterns);
        let vocabulary = Vocabulary::new(patterns.flat_map(|pattern| pattern::fixed_words(pattern)));
        Self { rows, vocabulary }
    }

    /// Phrases that are understood, for help texts: at least one of every meaning.
    pub fn phrases() -> impl Iterator<Item = &'static str> {
        rows().flat_map(|row| row.examples.iter().copied())
    }

    fn understand(&self, request: &str) -> Option<Vec<CallRequest>> {
        if request.len() > LONGEST {
            return None;
        }
        let mut words = words::split(request);
        let asks = words::take_end_marks(&mut words);
        let (words, polite) = without_courtesy(&words);
        let calls = sentences(words)
            .into_iter()
            .map(|sentence| {
                let (row, filled) = self.meaning(sentence)?;
                match row.kind {
                    Kind::Changes if asks && !polite => None,
                    Kind::Changes | Kind::Looks => Some((row, call(row, filled))),
                }
            })
            .collect::<Option<Vec<_>>>()?;
        // `stop a, then start b on web-server`: whether `a` is meant there as well is anyone's guess.
        let mut placed =
            calls.iter().filter(|(row, _)| row.takes_place()).map(|(_, call)| !call.nodes.is_empty());
        let first = placed.next();
        let is_clear = placed.all(|is_placed| Some(is_placed) == first);
        is_clear.then(|| calls.into_iter().map(|(_, call)| call).collect())
    }

    /// What the sentence means, if it means one thing.
    fn meaning(&self, sentence: &[Word]) -> Option<(&'static Row, Filled)> {
        let mut found: Option<(&'static Row, Filled)> = None;
        for (row, patterns) in &self.rows {
            for filled in
                patterns.iter().flat_map(|pattern| pattern::all_matches(pattern, sentence, &self.vocabulary))
            {
                match &found {
                    None => found = Some((row, filled)),
                    Some((other, same)) if other.call == row.call && *same == filled => {}
                    Some(_) => return None,
                }
            }
        }
        found
    }
}

impl Default for Phrasebook {
    fn default() -> Self {
        Self::new()
    }
}

impl Phrases for Phrasebook {
    fn read(&self, request: &str) -> Reading {
        match self.understand(request) {
            Some(calls) => Reading::Calls(calls),
            None => Reading::Unknown { nearest: nearest::to(self, request) },
        }
    }

    fn examples(&self) -> Vec<&'static str> {
        Self::phrases().collect()
    }
}

fn call(row: &Row, filled: Filled) -> CallRequest {
    let mut words = row.call.split(' ');
    let mut actions = words.next().unwrap_or_default().split('|');
    let mut call = CallRequest::new(actions.next().unwrap_or_default());
    call.or = actions.map(str::to_owned).collect();
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        call = match value {
            "true" => call.with(name, true),
            value => call.with(name, value),
        };
    }
    for (name, value) in filled.args {
        call = call.with(&name, value);
    }
    call.nodes = filled.nodes;
    call
}

/// The words without greetings, and whether they began as a request to do something (`can you …`).
fn without_courtesy(words: &[Word]) -> (&[Word], bool) {
    let mut words = words;
    let mut polite = false;
    loop {
        words = match words {
            [please, rest @ ..] if please.is("please") => rest,
            [can, you, rest @ ..]
                if ["can", "could", "would", "will"].iter().any(|word| can.is(word)) && you.is("you") =>
            {
                polite = true;
                rest
            }
            [hello, nixi, rest @ ..]
                if ["hey", "hi", "hello", "ok"].iter().any(|word| hello.is(word)) && nixi.is("nixi") =>
            {
                rest
            }
            [nixi, comma, rest @ ..] if nixi.is("nixi") && comma.is(",") => rest,
            [comma, rest @ ..] if comma.is(",") && polite => rest,
            [rest @ .., comma, thanks] if comma.is(",") && (thanks.is("thanks") || thanks.is("please")) => {
                rest
            }
            [rest @ .., please] if please.is("please") && !rest.is_empty() => rest,
            words => return (words, polite),
        };
    }
}

/// The sentences of a request: `;` and `then` stand between them. A plain `and` joins names only.
fn sentences(words: &[Word]) -> Vec<&[Word]> {
    let mut sentences: Vec<&[Word]> = words.split(|word| word.is(";") || word.is("then")).collect();
    let last = sentences.pop();
    for sentence in &mut sentences {
        *sentence = match *sentence {
            [rest @ .., comma, and] if comma.is(",") && and.is("and") => rest,
            [rest @ .., joint] if joint.is(",") || joint.is("and") => rest,
            whole => whole,
        };
    }
    sentences.extend(last);
    sentences
}

#[cfg(test)]
mod tests;
