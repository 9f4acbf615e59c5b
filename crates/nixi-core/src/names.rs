//! Many names in few words: `web-[1-40], db-1`. What is written so can be read back, so a list that Nixi printed can be
//! given to it again.

use std::collections::{HashMap, HashSet};

/// No list of names is longer than this many.
const MOST: usize = 10_000;
/// Longer numbers are none to count with.
const LONGEST_NUMBER: usize = 15;
/// A word is written out if it has no more brackets, and no more letters outside of them: no name is nearly so long.
const MOST_BRACKETS: usize = 16;
const MOST_LETTERS: usize = 1000;

/// A list of names that cannot be read; the message tells why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNames {
    /// A bracket that is not closed, or closed and not opened.
    #[error("the brackets of {0:?} do not match")]
    Unbalanced(String),
    /// Something in brackets that is no list of numbers.
    #[error("{0:?} in brackets is no number and no range of numbers")]
    NoNumbers(String),
    /// A list that stands for too many names.
    #[error("{0:?} stands for more than 10000 names")]
    TooMany(String),
    /// A word with brackets that is far too long for a name.
    #[error("{0:?} is too long for a name")]
    TooLong(String),
}

/// The names in few words, each of them once: those that differ in one number stand together, at the place of the first
/// of them, in the order of the numbers.
#[must_use]
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen = HashSet::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places = HashMap::new();
    for name in names {
        if !seen.insert(name) {
            continue;
        }
        let (stem, number) = Stem::of(name);
        let place = *places.entry((stem, number.is_some())).or_insert_with(|| {
            groups.push(Group { stem, numbers: Vec::new() });
            groups.len() - 1
        });
        if let (Some(group), Some(number)) = (groups.get_mut(place), number) {
            group.numbers.push(number);
        }
    }
    groups.into_iter().map(Group::words).collect::<Vec<_>>().join(", ")
}

/// What stands around the last number of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stem<'a> {
    before: &'a str,
    after: &'a str,
}

impl<'a> Stem<'a> {
    fn of(name: &'a str) -> (Self, Option<Number>) {
        let whole = Self { before: name, after: "" };
        let is_digit = |c: char| c.is_ascii_digit();
        let Some(last) = name.rfind(is_digit) else { return (whole, None) };
        let (head, after) = name.split_at(last + 1);
        let before = head.trim_end_matches(is_digit);
        match head.strip_prefix(before).and_then(Number::read) {
            Some(number) => (Self { before, after }, Some(number)),
            None => (whole, None),
        }
    }
}

/// A number as it is written: `7`, or `07`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    value: u64,
    /// To how many digits zeros fill it up; nothing if it has no leading zero.
    filled: usize,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        let is_number =
            (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let value = is_number.then(|| text.parse().ok()).flatten()?;
        Some(Self { value, filled: if text.len() > 1 && text.starts_with('0') { text.len() } else { 0 } })
    }

    fn text(self) -> String {
        format!("{:0filled$}", self.value, filled = self.filled)
    }

    /// The number that is so much higher, filled up as this one.
    fn plus(self, more: u64) -> Self {
        Self { value: self.value + more, ..self }
    }
}

struct Group<'a> {
    stem: Stem<'a>,
    numbers: Vec<Number>,
}

impl Group<'_> {
    fn words(mut self) -> String {
        let Stem { before, after } = self.stem;
        self.numbers.sort_unstable();
        let within = match self.numbers.as_slice() {
            [] => return before.to_owned(),
            [only] => return format!("{before}{}{after}", only.text()),
            numbers => runs(numbers).into_iter().map(run_words).collect::<Vec<_>>().join(","),
        };
        format!("{before}[{within}]{after}")
    }
}

/// The first number of each run, and how many follow it.
fn runs(numbers: &[Number]) -> Vec<(Number, u64)> {
    let mut runs: Vec<(Number, u64)> = Vec::new();
    // The run that a number would follow, by how that number is written. Numbers that are filled up differently mingle in
    // their order: `9`, `09`, `10`.
    let mut open: HashMap<String, usize> = HashMap::new();
    for number in numbers {
        let at = match open.remove(&number.text()) {
            Some(at) => {
                runs[at].1 += 1;
                at
            }
            None => {
                runs.push((*number, 0));
                runs.len() - 1
            }
        };
        let (first, more) = runs[at];
        // Two runs may wait for one number: `9` and `09` for `10`. The later one gets it.
        open.insert(first.plus(more + 1).text(), at);
    }
    runs
}

fn run_words((first, more): (Number, u64)) -> String {
    match more {
        0 => first.text(),
        more => format!("{}-{}", first.text(), first.plus(more).text()),
    }
}

/// The words of a list: parted by commas that stand in no brackets, with blanks around them. Numbers in brackets are
/// written out, so `web-[1-3,7]` is four words; what else stands in a word is left as it is.
///
/// # Errors
/// [`BadNames`], when the brackets hold anything but numbers and ranges of them.
pub fn expand(list: &str) -> Result<Vec<String>, BadNames> {
    let mut words = Vec::new();
    for word in split(list) {
        write_out(word.trim(), &mut words)?;
    }
    Ok(words)
}

/// Parts a list at its commas, but not at those in brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut words, mut from, mut is_inside) = (Vec::new(), 0, false);
    for (at, c) in list.char_indices() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            ',' if !is_inside => {
                words.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    words.push(&list[from..]);
    words
}

/// Writes out the brackets of a word, the first of them first. What would be too much in the end is not begun.
fn write_out(word: &str, into: &mut Vec<String>) -> Result<(), BadNames> {
    let excerpt = || crate::text::excerpt(word);
    let room = MOST.saturating_sub(into.len());
    let (mut written, mut rest) = (vec![String::new()], word);
    let (mut brackets, mut letters) = (0, 0);
    loop {
        let (head, tail) = rest.split_once('[').map_or((rest, None), |(head, tail)| (head, Some(tail)));
        if head.contains(']') {
            return Err(BadNames::Unbalanced(excerpt()));
        }
        letters += head.len();
        if (tail.is_some() || brackets > 0) && (brackets > MOST_BRACKETS || letters > MOST_LETTERS) {
            return Err(BadNames::TooLong(excerpt()));
        }
        written.iter_mut().for_each(|name| name.push_str(head));
        let Some(tail) = tail else { break };
        brackets += 1;
        let (within, after) = tail.split_once(']').ok_or_else(|| BadNames::Unbalanced(excerpt()))?;
        let numbers: Vec<String> = within_brackets(within)?.take(room + 1).collect();
        if written.len() * numbers.len() > room {
            return Err(BadNames::TooMany(excerpt()));
        }
        let with_each =
            |name: &String| numbers.iter().map(|number| format!("{name}{number}")).collect::<Vec<_>>();
        written = written.iter().flat_map(with_each).collect();
        rest = after;
    }
    if written.len() > room {
        return Err(BadNames::TooMany(excerpt()));
    }
    into.append(&mut written);
    Ok(())
}

/// The numbers that stand in brackets, as they are written.
fn within_brackets(within: &str) -> Result<impl Iterator<Item = String>, BadNames> {
    let mut runs = Vec::new();
    for item in within.split(',').map(str::trim) {
        let bad = || BadNames::NoNumbers(crate::text::excerpt(item));
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = Number::read(first).zip(Number::read(last)).ok_or_else(bad)?;
        let more = last.value.checked_sub(first.value).ok_or_else(bad)?;
        // `[1-09]` and `[01-9]` leave open how the numbers are filled up.
        if first.plus(more).text() != last.text() {
            return Err(bad());
        }
        runs.push((first, more));
    }
    Ok(runs.into_iter().flat_map(|(first, more)| (0..=more).map(move |value| first.plus(value).text())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_differ_in_a_number_stand_together() {
        for (names, folded) in [
            (&["db-1", "web-2", "web-1", "web-3"][..], "db-1, web-[1-3]"),
            (&["web-1", "web-3", "web-9", "web-10", "web-11"], "web-[1,3,9-11]"),
            (&["web-08", "web-09", "web-10"], "web-[08-10]"),
            (&["a1-eu", "a2-eu", "a2-us"], "a[1-2]-eu, a2-us"),
            (&["web", "db", "web"], "web, db"),
            (&["w9", "w09", "w10"], "w[9,09-10]"),
            (&["w1", "w3", "w5", "w6", "w8"], "w[1,3,5-6,8]"),
            (&["1234567890123456", "1234567890123457"], "1234567890123456, 1234567890123457"),
            (&[], ""),
        ] {
            assert_eq!(fold(names.iter().copied()), folded);
        }
    }

    #[test]
    fn what_is_in_brackets_is_written_out() {
        let words = |list: &str| expand(list).unwrap();
        assert_eq!(words("web-[1-3,7], db"), ["web-1", "web-2", "web-3", "web-7", "db"]);
        assert_eq!(words("[08-10]x"), ["08x", "09x", "10x"]);
        assert_eq!(words("r[1-2]n[1-2]*"), ["r1n1*", "r1n2*", "r2n1*", "r2n2*"]);
        assert_eq!(words("@tag,,a b"), ["@tag", "", "a b"]);
        for bad in [
            "a[", "a]", "a[]", "a[b]", "a[1-]", "a[2-1]", "a[1-09]", "a[01-9]", "a[[1]]", "a[1]]", "a[1-2-3]",
        ] {
            assert!(expand(bad).is_err(), "{bad}: {:?}", expand(bad));
        }
        assert_eq!(expand("a[1-20000]"), Err(BadNames::TooMany("a[1-20000]".to_owned())));
        assert_eq!(expand(&"a[1]".repeat(16)).unwrap(), ["a1".repeat(16)]);
        for long in ["a[1]".repeat(50_000), format!("{}[1-9999]", "a".repeat(5000)), "[1][1-9999]".repeat(40)]
        {
            assert!(expand(&long).is_err(), "{long:.20}");
        }
        let many: Vec<String> = (0..5000).map(|n| (n * 2).to_string()).collect();
        assert_eq!(expand(&format!("w[{}]", many.join(","))).unwrap().len(), 5000, "as it was folded");
        assert_eq!(expand("a[1-200]b[1-200]"), Err(BadNames::TooMany("a[1-200]b[1-200]".to_owned())));
    }

    /// Names as the configuration takes them, many of which differ in numbers alone.
    fn names() -> impl Strategy<Value = Vec<String>> {
        let name =
            prop_oneof!["(web|db|w1)-?[0-3]?[0-9]", "[a-c]{1,2}[0-9]{0,3}(-eu)?", "[A-Za-z0-9_-]{1,20}"];
        proptest::collection::vec(name, 0..60)
    }

    proptest! {
        #[test]
        fn what_is_folded_expands_to_the_same_names(names in names()) {
            let folded = fold(names.iter().map(String::as_str));
            let read = if folded.is_empty() { Vec::new() } else { expand(&folded).unwrap() };
            let once: HashSet<_> = read.iter().collect();
            prop_assert_eq!(once.len(), read.len(), "each once: {}", folded);
            prop_assert_eq!(once, names.iter().collect::<HashSet<_>>(), "{}", folded);
            // Folding what was read gives the same words.
            prop_assert_eq!(fold(read.iter().map(String::as_str)), folded);
        }

        #[test]
        fn a_run_of_any_length_is_a_few_words(first in 0_u64..5000, more in 1_u64..300) {
            let names: Vec<String> = (first..=first + more).map(|n| format!("web-{n}")).collect();
            let folded = fold(names.iter().map(String::as_str));
            prop_assert_eq!(folded, format!("web-[{first}-{}]", first + more));
        }

        #[test]
        fn no_list_panics(list in "[\\[\\]0-9,a \\-*?@é]{0,30}") {
            if let Ok(words) = expand(&list) {
                prop_assert!(words.len() <= MOST && words.iter().all(|word| !word.contains(['[', ']'])));
            }
        }
    }
}
