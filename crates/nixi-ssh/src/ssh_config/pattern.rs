//! Lists of patterns: of `Host` in words, elsewhere with commas between.

use crate::glob::{either_case, exactly, glob};

/// The longest pattern of a list with commas that ssh looks at.
const LONGEST: usize = 1023;

/// Patterns with `*` and `?`, some of them refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    patterns: Vec<(bool, String)>,
    case: Case,
}

/// Which letters are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Exact,
    Either,
}

impl List {
    /// The words of `Host`.
    pub(super) fn words(words: &[String]) -> Self {
        Self { patterns: words.iter().map(|word| pattern(word)).collect(), case: Case::Exact }
    }

    /// Patterns with commas between. Behind one that is longer than ssh reads, it finds nothing.
    pub(super) fn of(words: &str) -> Self {
        let words = words.strip_suffix(',').unwrap_or(words);
        let readable = words.split(',').map(pattern).take_while(|(_, word)| word.len() < LONGEST);
        Self { patterns: readable.collect(), case: Case::Exact }
    }

    /// The same where letters of either case are alike.
    pub(super) fn of_hosts(words: &str) -> Self {
        Self { case: Case::Either, ..Self::of(words) }
    }

    /// Whether one of them fits and no refusal does.
    pub(super) fn fits(&self, word: &str) -> bool {
        let mut fits = false;
        for (refuses, pattern) in &self.patterns {
            match (self.is(pattern, word), refuses) {
                (true, true) => return false,
                (true, false) => fits = true,
                (false, _) => {}
            }
        }
        fits
    }

    /// Whether one of them fits, be it a refusal.
    pub(super) fn has_to_say(&self, word: &str) -> bool {
        self.patterns.iter().any(|(_, pattern)| self.is(pattern, word))
    }

    fn is(&self, pattern: &str, word: &str) -> bool {
        let same = match self.case {
            Case::Exact => exactly,
            Case::Either => either_case,
        };
        glob(pattern.as_bytes(), word.as_bytes(), same)
    }
}

fn pattern(word: &str) -> (bool, String) {
    match word.strip_prefix('!') {
        Some(word) => (true, word.to_owned()),
        None => (false, word.to_owned()),
    }
}
