//! The words of a request, and what may stand for a name.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// One word, or one comma, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    typed: String,
    lower: String,
}

impl Word {
    fn new(typed: &str) -> Self {
        Self { typed: typed.to_owned(), lower: typed.to_lowercase().replace('’', "'") }
    }

    /// As it was typed.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// Whether it is this word, which is given in small letters.
    pub(super) fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    pub(super) fn lower(&self) -> &str {
        &self.lower
    }

    /// A whole number without a sign.
    pub(super) fn number(&self) -> Option<u32> {
        self.typed.bytes().all(|b| b.is_ascii_digit()).then(|| self.typed.parse().ok()).flatten()
    }
}

/// Words and commas; everything else that is not blank belongs to a word.
pub(super) fn split(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        let mut rest = chunk;
        while let Some(at) = rest.find([',', ';']) {
            let (word, mark) = rest.split_at(at);
            words.extend((!word.is_empty()).then(|| Word::new(word)));
            words.push(Word::new(&mark[..1]));
            rest = &mark[1..];
        }
        words.extend((!rest.is_empty()).then(|| Word::new(rest)));
    }
    words
}

/// Takes the marks off the end of the last word; tells whether a question mark was among them.
pub(super) fn take_end_marks(words: &mut Vec<Word>) -> bool {
    let Some(last) = words.pop() else { return false };
    let bare = last.typed.trim_end_matches(['.', '!', '?']);
    let asks = last.typed[bare.len()..].contains('?');
    words.extend((!bare.is_empty()).then(|| Word::new(bare)));
    asks
}

/// Words that join, deny, point or limit: a request with one of them in the place of a name says something that a
/// name would not.
const NO_NAMES: &str = "
    a about after again all also always an and another any anything around at away because before both
    but by cannot can't do does doesn't don't dont down each either else every everything everywhere
    except first here him how i if immediately instead into is it its itself just later maybe mine my
    myself neither never next no nobody none nope nor not nothing now off one only or other others our
    out over please same should shouldn't so some something still than thanks that the their them then
    there these they thing things this those to too twice unless until up us very wait we when where
    which while who why with within without won't yes yet you your yourself
";

/// Which words cannot be names: the table's own, and [`NO_NAMES`].
#[derive(Debug)]
pub(super) struct Vocabulary {
    fixed: BTreeSet<String>,
}

impl Vocabulary {
    pub(super) fn new<'a>(fixed: impl Iterator<Item = &'a str>) -> Self {
        let places = ["on", "for", "from", "machine", "machines", "controller", "ago", "since"];
        Self { fixed: fixed.chain(places).chain(NO_NAMES.split_whitespace()).map(str::to_owned).collect() }
    }

    /// Whether it is a word of the table, or one that joins or limits; never a name.
    pub(super) fn knows(&self, word: &Word) -> bool {
        self.fixed.contains(&word.lower)
    }

    #[cfg(test)]
    pub(super) fn words(&self) -> Vec<String> {
        self.fixed.iter().cloned().collect()
    }

    fn is_name(&self, word: &Word) -> bool {
        let bytes = word.typed.as_bytes();
        let shaped = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(b))
            && bytes.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b':')
            && bytes.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        shaped && !self.fixed.contains(&word.lower)
    }

    fn is_node(&self, word: &Word) -> bool {
        let bare = word.typed.strip_prefix('@').unwrap_or(&word.typed);
        !bare.is_empty()
            && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.*".contains(&b))
            && !bare.starts_with(['-', '.'])
            && !bare.ends_with('.')
            && !self.fixed.contains(&word.lower)
    }

    /// One name at the front.
    pub(super) fn name<'w>(&self, words: &'w [Word]) -> Option<(&'w [Word], String)> {
        match words {
            [first, rest @ ..] if self.is_name(first) => Some((rest, first.typed.clone())),
            _ => None,
        }
    }

    /// One image at the front, as `postgres:16` or `ghcr.io/app/web`.
    pub(super) fn image<'w>(&self, words: &'w [Word]) -> Option<(&'w [Word], String)> {
        let [first, rest @ ..] = words else { return None };
        let bytes = first.typed.as_bytes();
        let is_shaped = bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(b));
        (is_shaped && !self.fixed.contains(&first.lower)).then(|| (rest, first.typed.clone()))
    }

    /// A list of settings at the front, in all its lengths: `KEY=VALUE`, or `password VALUE`. No key comes twice.
    pub(super) fn settings<'w>(&self, words: &'w [Word]) -> Vec<(&'w [Word], Map<String, Value>)> {
        let mut all = Map::new();
        let mut ways = Vec::new();
        for (rest, settings) in list(words, setting) {
            let Some((key, value)) = settings.last().and_then(|last| last.split_once('=')) else { break };
            if all.insert(key.to_owned(), value.into()).is_some() {
                break;
            }
            ways.push((rest, all.clone()));
        }
        ways
    }

    /// A list of names at the front, in all its lengths.
    pub(super) fn names<'w>(&self, words: &'w [Word]) -> Vec<(&'w [Word], Vec<String>)> {
        list(words, |words| self.name(words))
    }

    /// One channel at the front: `nixos`, which is a word of the table too, or another name.
    pub(super) fn channel<'w>(&self, words: &'w [Word]) -> Option<(&'w [Word], String)> {
        match words {
            [nixos, rest @ ..] if nixos.typed == "nixos" => Some((rest, nixos.typed.clone())),
            words => self.name(words),
        }
    }

    /// A list of channels at the front, in all its lengths.
    pub(super) fn channels<'w>(&self, words: &'w [Word]) -> Vec<(&'w [Word], Vec<String>)> {
        list(words, |words| self.channel(words))
    }

    /// One node at the front: by its name, as `the NAME node`, as a tag or glob, `all nodes`, or the controller.
    pub(super) fn node<'w>(&self, words: &'w [Word]) -> Option<(&'w [Word], String)> {
        let is = |word: &Word, any: &[&str]| any.iter().any(|this| word.is(this));
        match words {
            [all, nodes, rest @ ..] if all.is("all") && is(nodes, &["nodes", "machines"]) => {
                Some((rest, "all".to_owned()))
            }
            [every, node, rest @ ..] if every.is("every") && is(node, &["node", "machine"]) => {
                Some((rest, "all".to_owned()))
            }
            [this, machine, rest @ ..] if this.is("this") && is(machine, &["machine", "node"]) => {
                Some((rest, "local".to_owned()))
            }
            [the, controller, rest @ ..] if the.is("the") && controller.is("controller") => {
                Some((rest, "local".to_owned()))
            }
            [the, name, node, rest @ ..]
                if the.is("the") && self.is_node(name) && is(node, &["node", "machine"]) =>
            {
                Some((rest, name.typed.clone()))
            }
            [all, rest @ ..] if all.is("all") => Some((rest, "all".to_owned())),
            [name, rest @ ..] if self.is_node(name) => Some((rest, name.typed.clone())),
            _ => None,
        }
    }

    /// A list of nodes at the front, in all its lengths.
    pub(super) fn nodes<'w>(&self, words: &'w [Word]) -> Vec<(&'w [Word], Vec<String>)> {
        list(words, |words| self.node(words))
    }
}

/// One setting at the front, as `KEY=VALUE`.
fn setting(words: &[Word]) -> Option<(&[Word], String)> {
    let is_value = |value: &str| !value.is_empty() && !value.contains(['"', '\'', '`']);
    match words {
        [password, value, rest @ ..] if password.is("password") && !value.typed.contains('=') => {
            is_value(&value.typed).then(|| (rest, format!("password={}", value.typed)))
        }
        [first, rest @ ..] => {
            let (key, value) = first.typed.split_once('=')?;
            let is_key = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && key.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            (is_key && is_value(value)).then(|| (rest, first.typed.clone()))
        }
        [] => None,
    }
}

/// The most names of one list.
const MOST: usize = 100;

/// `a`, `a and b`, `a, b and c`, `a, b, and c`, `a, b`: each prefix that is such a list.
fn list<'w>(
    words: &'w [Word],
    one: impl Fn(&'w [Word]) -> Option<(&'w [Word], String)>,
) -> Vec<(&'w [Word], Vec<String>)> {
    let mut ways = Vec::new();
    let mut so_far = Vec::new();
    let mut rest = words;
    while so_far.len() < MOST
        && let Some((after, name)) = one(rest)
    {
        so_far.push(name);
        ways.push((after, so_far.clone()));
        rest = match after {
            [comma, and, more @ ..] if comma.is(",") && and.is("and") => more,
            [joint, more @ ..] if joint.is(",") || joint.is("and") => more,
            _ => break,
        };
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_alone_and_end_marks_go() {
        let mut words = split("a,b , c?!");
        assert!(take_end_marks(&mut words));
        assert_eq!(words, split("a , b , c"));
        assert!(!take_end_marks(&mut Vec::new()));
    }

    #[test]
    fn a_function_word_is_no_name() {
        let book = Vocabulary::new(std::iter::empty());
        for word in ["not", "Everything", "it", "-f", "a.", "don't", "don’t", "$x", "a/b", "日本"] {
            assert!(book.name(&split(word)).is_none(), "{word}");
        }
        for word in ["redis", "Web-1", "podman-web@1.service", "::1", "10.0.0.1"] {
            assert_eq!(book.name(&split(word)).unwrap().1, word);
        }
    }
}
