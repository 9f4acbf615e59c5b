//! The phrases that come nearest to a request that was not understood.

use std::collections::BTreeSet;

/// How many are told.
const TOLD: usize = 3;

/// The nearest phrases, the nearest first: by the pairs of letters that they share (Dice's coefficient), which
/// forgives a slip of the finger and another order of the words.
pub(super) fn to(request: &str, phrases: impl Iterator<Item = &'static str>) -> Vec<String> {
    let request: String = request.chars().take(400).collect();
    let asked = pairs(&request);
    let mut scored: Vec<(f64, &str)> =
        phrases.map(|phrase| (likeness(&asked, &pairs(phrase)), phrase)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(TOLD).map(|(_, phrase)| phrase.to_owned()).collect()
}

fn pairs(text: &str) -> BTreeSet<(char, char)> {
    let lower = text.to_lowercase();
    lower
        .split_whitespace()
        .flat_map(|word| {
            let padded: Vec<char> =
                std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')).collect();
            padded.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
        })
        .collect()
}

#[allow(clippy::cast_precision_loss, reason = "a few hundred pairs at most")]
fn likeness(one: &BTreeSet<(char, char)>, other: &BTreeSet<(char, char)>) -> f64 {
    let all = one.len() + other.len();
    if all == 0 { 0.0 } else { 2.0 * one.intersection(other).count() as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phrasebook;

    #[test]
    fn the_nearest_comes_first() {
        let near = to("list contaners on db-server", Phrasebook::phrases());
        assert_eq!(near.len(), 3);
        assert_eq!(near[0], "list containers on db-server");
    }
}
