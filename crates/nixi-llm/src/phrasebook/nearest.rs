//! The phrases that come nearest to a request that was not understood.
//!
//! They are compared by their words, a small slip of the finger forgiven; names count for nothing. A change is proposed
//! only to a request that begins with its verb, and the node that was typed is the one that is proposed.

use super::pattern::{self, Part};
use super::row::{Kind, Row};
use super::words::{self, Word};
use super::{Phrasebook, without_courtesy};

/// How many are told.
const TOLD: usize = 3;
/// The request is compared up to here, in characters.
const COMPARED: usize = 400;
/// A place of more words than these is not carried over.
const LONGEST_PLACE: usize = 12;
/// Words that are in so many phrases that they say little.
const LIGHT: &str =
    "a all and any are been for from has have how in is it me my of on set the there to up was with";
/// What they count, where another word counts 1.
const LITTLE: f64 = 0.1;

/// The nearest phrases, the nearest first; none if all are far.
pub(super) fn to(book: &Phrasebook, request: &str) -> Vec<String> {
    let request: String = request.chars().take(COMPARED).collect();
    let mut asked = words::split(&request);
    words::take_end_marks(&mut asked);
    let (asked, _) = without_courtesy(&asked);
    let place = place(book, asked);
    let said = place.map_or(asked, |at| &asked[..at]);
    let mut scored: Vec<(f64, &Row, &str)> = Vec::new();
    for (row, patterns) in &book.rows {
        for example in row.examples {
            if row.kind == Kind::Looks || begins_alike(asked, example) {
                scored.push((likeness(book, said, patterns, example), row, example));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first().map_or(0.0, |(score, ..)| *score);
    let near = scored.into_iter().filter(|(score, ..)| *score > 0.0 && *score * 2.0 >= best).take(TOLD);
    near.map(|(_, row, example)| moved(book, row, example, place.map(|at| &asked[at..]))).collect()
}

/// Whether the request begins with the verb of the phrase, or nearly so, and says `all` if the phrase does.
fn begins_alike(asked: &[Word], example: &str) -> bool {
    let mut words = example.split(' ');
    let verb = words.next().unwrap_or_default();
    let begins = asked.first().is_some_and(|first| nearness(first.lower(), verb) > 0.0);
    begins && (words.all(|word| word != "all") || asked.iter().any(|word| word.is("all")))
}

/// Where the place begins that ends the request, as `on web-server`.
fn place(book: &Phrasebook, words: &[Word]) -> Option<usize> {
    let at = words.iter().rposition(|word| ["on", "for", "from"].iter().any(|place| word.is(place)))?;
    let nodes = book.vocabulary.nodes(&words[at + 1..]);
    (words.len() - at <= LONGEST_PLACE && nodes.iter().any(|(rest, _)| rest.is_empty())).then_some(at)
}

/// The phrase with the place of the request in place of its own. Without one, a look goes without as well; a change
/// keeps the example's, for it should name a node.
fn moved(book: &Phrasebook, row: &Row, example: &str, asked: Option<&[Word]>) -> String {
    let words = words::split(example);
    let Some(at) = place(book, &words) else { return example.to_owned() };
    let joined =
        |words: &[Word]| words.iter().map(Word::typed).collect::<Vec<_>>().join(" ").replace(" ,", ",");
    let bare = joined(&words[..at]);
    let phrase = match asked {
        Some(place) if place[0].is("on") || place[0] == words[at] || is_place(&words[..at]) => {
            format!("{bare} {} {}", words[at].typed(), joined(&place[1..]))
        }
        Some(_) | None if row.kind == Kind::Looks => bare,
        Some(_) | None => return example.to_owned(),
    };
    let reads = book.meaning(&words::split(&phrase)).is_some_and(|(found, _)| found.call == row.call);
    if reads { phrase } else { example.to_owned() }
}

/// Whether a `for` or `from` behind these words can begin nothing but a place, unlike one behind `logs`.
fn is_place(words: &[Word]) -> bool {
    !words.iter().any(|word| ["for", "from", "of"].iter().any(|joint| word.is(joint)))
}

/// Twice what the two share, by all that both say. A word of the row that is not in the example counts half.
fn likeness(book: &Phrasebook, asked: &[Word], patterns: &[Vec<Part>], example: &str) -> f64 {
    let mut example = words::split(example);
    if let Some(at) = place(book, &example) {
        example.truncate(at);
    }
    example.retain(|word| book.vocabulary.knows(word));
    let others: Vec<&str> = patterns.iter().flat_map(|pattern| pattern::fixed_words(pattern)).collect();
    let (mut shared, mut all, mut is_near) = (0.0, 0.0, false);
    for word in asked.iter().map(Word::lower) {
        let in_example = example.iter().map(|other| nearness(word, other.lower())).fold(0.0, f64::max);
        let in_row = others.iter().map(|other| nearness(word, other) / 2.0).fold(0.0, f64::max);
        let nearness = in_example.max(in_row);
        is_near |= nearness > 0.0 && !is_light(word);
        shared += nearness * weight(word);
        all += weight(word);
    }
    all += example.iter().map(|word| weight(word.lower())).sum::<f64>();
    if is_near { 2.0 * shared / all } else { 0.0 }
}

fn is_light(word: &str) -> bool {
    LIGHT.split(' ').any(|light| light == word)
}

fn weight(word: &str) -> f64 {
    if is_light(word) { LITTLE } else { 1.0 }
}

/// 1 for the same word, a little less for a slip of the finger behind its first letter, else 0.
fn nearness(word: &str, other: &str) -> f64 {
    if word == other {
        return 1.0;
    }
    let slips = if other.len() < 8 { 1 } else { 2 };
    let near = word.len() > 2
        && word.len().abs_diff(other.len()) <= slips
        && word.chars().next() == other.chars().next()
        && !is_light(word)
        && !is_light(other)
        && strsim::osa_distance(word, other) <= slips;
    if near { 0.9 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::table::rows;
    use super::*;

    fn near(request: &str) -> Vec<String> {
        to(&Phrasebook::new(), request)
    }

    #[test]
    fn the_nearest_comes_first_on_the_node_that_was_typed() {
        for (request, first) in [
            ("list contaners on web-server", "list containers on web-server"),
            ("what contaners are runing on web-server?", "list containers on web-server"),
            ("lst contaners", "list containers"),
            ("lst contaners for n1", "list containers on n1"),
            ("please show me sytem info for n1", "show me system info for n1"),
            ("list all contaners on n1, x and the y node", "list containers on n1, x and the y node"),
            ("opn ports on n1", "open ports 80 and 443 on n1"),
            ("chek the lgs for nginx", "check the logs for nginx"),
            ("stop all contaners on n1", "stop all containers on n1"),
            ("remvoe all containers", "remove all containers on db-server"),
        ] {
            assert_eq!(
                near(request).first().map(String::as_str),
                Some(first),
                "{request}: {:?}",
                near(request)
            );
            assert!(near(request).len() <= TOLD);
        }
    }

    #[test]
    fn a_change_is_proposed_only_to_its_own_verb() {
        let changes = rows().filter(|row| row.kind == Kind::Changes);
        let verbs: Vec<&str> = changes.filter_map(|row| row.patterns.first()?.split(' ').next()).collect();
        for request in [
            "what containers are running on web-server right now?",
            "lst contaners",
            "set up nixi-2",
            "top on web-server",
            "should i stop all containers on web-server",
            "do not remove all containers on db-server",
            "",
        ] {
            for phrase in near(request) {
                assert!(!verbs.iter().any(|verb| phrase.starts_with(verb)), "{request}: {phrase}");
            }
        }
        for (request, verb) in [("stpo everything on n1", "stop"), ("please remove redis", "remove")] {
            let changes: Vec<_> =
                near(request).into_iter().filter(|near| verbs.iter().any(|v| near.starts_with(v))).collect();
            assert!(!changes.is_empty() && changes.iter().all(|near| near.starts_with(verb)), "{changes:?}");
        }
    }

    #[test]
    fn what_is_far_from_all_is_near_none() {
        for request in ["make me a sandwich", "set up nixi-2", "defragment web-server"] {
            assert_eq!(near(request), Vec::<String>::new(), "{request}");
        }
    }
}
