//! Patterns: read from the table's notation, matched against the words of a sentence.

use std::str::SplitWhitespace;

use super::table::SHOW;
use super::words::{Vocabulary, Word};

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Word(String),
    OneOf(Vec<Vec<Part>>),
    Slot(String, Slot),
    Node,
    Place(&'static [&'static str]),
}

/// What fills a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Name,
    Names,
    Number,
    Time,
    Path,
    Image,
    Settings,
    Address,
    Channel,
    Channels,
}

/// What the words of a sentence gave to the slots of a pattern.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filled {
    pub(super) args: Vec<(String, serde_json::Value)>,
    pub(super) nodes: Vec<String>,
}

impl Filled {
    fn with(&self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        let mut next = self.clone();
        next.args.push((name.to_owned(), value.into()));
        next
    }

    fn at(&self, nodes: Vec<String>) -> Self {
        Self { nodes, ..self.clone() }
    }
}

/// Reads a pattern; nothing if its brackets do not match.
pub(super) fn parse(pattern: &str) -> Option<Vec<Part>> {
    let mut spaced = pattern.replace("SHOW", &format!("({SHOW})"));
    for bracket in ["(", ")", "[", "]", "|"] {
        spaced = spaced.replace(bracket, &format!(" {bracket} "));
    }
    let mut words = spaced.split_whitespace();
    match either(&mut words, None)? {
        mut one if one.len() == 1 => one.pop(),
        several => Some(vec![Part::OneOf(several)]),
    }
}

/// The ways up to the closing bracket, or to the end.
fn either(words: &mut SplitWhitespace<'_>, close: Option<&str>) -> Option<Vec<Vec<Part>>> {
    let mut ways = Vec::new();
    let mut way = Vec::new();
    loop {
        match words.next() {
            Some("|") => ways.push(std::mem::take(&mut way)),
            Some("(") => way.push(Part::OneOf(either(words, Some(")"))?)),
            Some("[") => {
                let mut ways = either(words, Some("]"))?;
                ways.push(Vec::new());
                way.push(Part::OneOf(ways));
            }
            end if end == close => {
                ways.push(way);
                return Some(ways);
            }
            Some(")" | "]") | None => return None,
            Some(word) => way.push(leaf(word)),
        }
    }
}

fn leaf(word: &str) -> Part {
    let Some(slot) = word.strip_prefix('{').and_then(|slot| slot.strip_suffix('}')) else {
        return Part::Word(word.to_owned());
    };
    match (slot, slot.as_bytes().last()) {
        (_, Some(b'~')) => Part::Slot(slot.trim_end_matches('~').to_owned(), Slot::Channel),
        (_, Some(b'*')) if slot.ends_with("~*") => {
            Part::Slot(slot.trim_end_matches("~*").to_owned(), Slot::Channels)
        }
        (_, Some(b'%')) => Part::Slot(slot.trim_end_matches('%').to_owned(), Slot::Address),
        ("node", _) => Part::Node,
        ("on", _) => Part::Place(&["on", "for", "from"]),
        ("at", _) => Part::Place(&["on"]),
        (_, Some(b'*')) => Part::Slot(slot.trim_end_matches('*').to_owned(), Slot::Names),
        (_, Some(b'#')) => Part::Slot(slot.trim_end_matches('#').to_owned(), Slot::Number),
        (_, Some(b'@')) => Part::Slot(slot.trim_end_matches('@').to_owned(), Slot::Time),
        (_, Some(b':')) => Part::Slot(slot.trim_end_matches(':').to_owned(), Slot::Image),
        (_, Some(b'=')) => Part::Slot(slot.trim_end_matches('=').to_owned(), Slot::Settings),
        (_, Some(b'/')) => Part::Slot(slot.trim_end_matches('/').to_owned(), Slot::Path),
        _ => Part::Slot(slot.to_owned(), Slot::Name),
    }
}

/// All ways in which the pattern takes all of the words.
pub(super) fn all_matches(pattern: &[Part], words: &[Word], vocabulary: &Vocabulary) -> Vec<Filled> {
    run(pattern, words, &Filled::default(), vocabulary)
        .into_iter()
        .filter_map(|(rest, filled)| rest.is_empty().then_some(filled))
        .collect()
}

type Ways<'w> = Vec<(&'w [Word], Filled)>;

fn run<'w>(pattern: &[Part], words: &'w [Word], filled: &Filled, vocabulary: &Vocabulary) -> Ways<'w> {
    let mut ways: Ways<'w> = vec![(words, filled.clone())];
    for part in pattern {
        ways = ways.into_iter().flat_map(|(rest, filled)| step(part, rest, &filled, vocabulary)).collect();
        if ways.is_empty() {
            break;
        }
    }
    ways
}

fn step<'w>(part: &Part, words: &'w [Word], filled: &Filled, vocabulary: &Vocabulary) -> Ways<'w> {
    match part {
        Part::Word(word) => match words {
            [first, rest @ ..] if first.is(word) => vec![(rest, filled.clone())],
            _ => Vec::new(),
        },
        Part::OneOf(several) => several.iter().flat_map(|way| run(way, words, filled, vocabulary)).collect(),
        Part::Slot(name, slot) => fill(*slot, words, vocabulary)
            .into_iter()
            .map(|(rest, value)| {
                // A tool takes a list where it takes one of a kind.
                let value = if name == "names" && value.is_string() { vec![value].into() } else { value };
                (rest, filled.with(name, value))
            })
            .collect(),
        Part::Node => {
            vocabulary.node(words).into_iter().map(|(rest, node)| (rest, filled.at(vec![node]))).collect()
        }
        Part::Place(prepositions) => {
            let mut ways = vec![(words, filled.clone())];
            if let [first, rest @ ..] = words
                && prepositions.iter().any(|word| first.is(word))
            {
                ways.extend(vocabulary.nodes(rest).into_iter().map(|(rest, nodes)| (rest, filled.at(nodes))));
            }
            ways
        }
    }
}

fn fill<'w>(slot: Slot, words: &'w [Word], vocabulary: &Vocabulary) -> Vec<(&'w [Word], serde_json::Value)> {
    match slot {
        Slot::Name => vocabulary.name(words).into_iter().map(|(rest, name)| (rest, name.into())).collect(),
        Slot::Names => {
            vocabulary.names(words).into_iter().map(|(rest, names)| (rest, names.into())).collect()
        }
        Slot::Number => match words {
            [first, rest @ ..] => first.number().map(|number| (rest, number.into())).into_iter().collect(),
            [] => Vec::new(),
        },
        Slot::Path => match words {
            [path, rest @ ..] if path.typed().starts_with('/') => vec![(rest, path.typed().into())],
            _ => Vec::new(),
        },
        Slot::Address => match words {
            [first, rest @ ..] if first.typed().contains("://") => vec![(rest, first.typed().into())],
            _ => Vec::new(),
        },
        Slot::Channel => {
            vocabulary.channel(words).into_iter().map(|(rest, name)| (rest, name.into())).collect()
        }
        Slot::Channels => {
            vocabulary.channels(words).into_iter().map(|(rest, names)| (rest, names.into())).collect()
        }
        Slot::Image => {
            vocabulary.image(words).into_iter().map(|(rest, image)| (rest, image.into())).collect()
        }
        Slot::Settings => {
            vocabulary.settings(words).into_iter().map(|(rest, all)| (rest, all.into())).collect()
        }
        Slot::Time => match words {
            [day, rest @ ..] if day.is("yesterday") || day.is("today") => {
                vec![(rest, day.lower().into())]
            }
            [count, unit, ago, rest @ ..] if ago.is("ago") && is_unit(unit) => count
                .number()
                .map(|count| (rest, format!("{count} {} ago", unit.lower()).into()))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        },
    }
}

fn is_unit(word: &Word) -> bool {
    ["minute", "minutes", "hour", "hours", "day", "days", "week", "weeks"].iter().any(|unit| word.is(unit))
}

/// The fixed words of a pattern.
pub(super) fn fixed_words(pattern: &[Part]) -> Vec<&str> {
    pattern
        .iter()
        .flat_map(|part| match part {
            Part::Word(word) => vec![word.as_str()],
            Part::OneOf(ways) => ways.iter().flat_map(|way| fixed_words(way)).collect(),
            Part::Slot(..) | Part::Node | Part::Place(_) => Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_have_to_match() {
        for bad in ["(a", "a)", "[a", "a]", "(a]", "[(a])"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(parse("[SHOW] (a|b c) {names*} {on}").is_some());
    }
}
