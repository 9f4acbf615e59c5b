//! What reasoning models think aloud in front of what they say: `<think>…</think>`, left out as it streams.

const OPENS: &str = "<think>";
const CLOSES: &str = "</think>";

/// Takes the thoughts out of one turn's text. Only those that open the turn are thoughts; later in it, the tag is a word
/// like any other. White space before the first word goes with them.
#[derive(Debug)]
pub(super) struct Thoughts(Stage);

#[derive(Debug)]
enum Stage {
    /// Nothing was said yet; holds what may be the beginning of a tag.
    Opening(String),
    /// In a thought; holds what may be the beginning of its end.
    Thinking(String),
    Speaking,
}

impl Default for Thoughts {
    fn default() -> Self {
        Self(Stage::Opening(String::new()))
    }
}

impl Thoughts {
    /// The words of the next piece, if it has any.
    pub(super) fn strip(&mut self, piece: &str) -> String {
        let mut piece = piece.to_owned();
        loop {
            match &mut self.0 {
                Stage::Speaking => return piece,
                Stage::Opening(held) => {
                    held.push_str(&piece);
                    let words = held.trim_start();
                    if let Some(thought) = words.strip_prefix(OPENS) {
                        piece = thought.to_owned();
                        self.0 = Stage::Thinking(String::new());
                    } else if OPENS.starts_with(words) {
                        *held = words.to_owned();
                        return String::new();
                    } else {
                        let words = words.to_owned();
                        self.0 = Stage::Speaking;
                        return words;
                    }
                }
                Stage::Thinking(held) => {
                    held.push_str(&piece);
                    if let Some((_, after)) = held.split_once(CLOSES) {
                        piece = after.to_owned();
                        self.0 = Stage::Opening(String::new());
                    } else {
                        let begun = (1..CLOSES.len()).rev().find(|len| held.ends_with(&CLOSES[..*len]));
                        CLOSES[..begun.unwrap_or(0)].clone_into(held);
                        return String::new();
                    }
                }
            }
        }
    }

    /// The words that were held back, at the end of the turn. A thought without an end says nothing.
    pub(super) fn end(&mut self) -> String {
        match std::mem::take(self).0 {
            Stage::Opening(held) => held,
            Stage::Thinking(_) | Stage::Speaking => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut thoughts = Thoughts::default();
        let words: String = pieces.into_iter().map(|piece| thoughts.strip(piece)).collect();
        words + &thoughts.end()
    }

    const CASES: [(&str, &str); 10] = [
        ("<think>\nhm, 3 < 4\n</think>\n\nFour.", "Four."),
        ("<think>\n\n</think>\n\nNoon.", "Noon."),
        ("\n<think>a</think> <think>b</think>c", "c"),
        ("<think>a</thi</think>é", "é"),
        ("<think>never ends é", ""),
        ("The tag is <think>, and </think> ends it.", "The tag is <think>, and </think> ends it."),
        ("<thin", "<thin"),
        ("<thinking is hard", "<thinking is hard"),
        ("<b>a</b>", "<b>a</b>"),
        (" \n", ""),
    ];

    #[test]
    fn split_anywhere() {
        for (text, words) in CASES {
            assert_eq!(said([text]), words, "{text}");
            let each: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(said(each.iter().map(String::as_str)), words, "{text}");
            for (at, _) in text.char_indices() {
                let (one, two) = text.split_at(at);
                assert_eq!(said([one, two]), words, "{one:?} {two:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_split_makes_a_difference(
            pieces in prop::collection::vec("(<think>|</think>|<th|ink>|</|[a <>/é\n]){0,3}", 0..8)
        ) {
            let whole = pieces.concat();
            prop_assert_eq!(said(pieces.iter().map(String::as_str)), said([whole.as_str()]));
        }
    }
}
