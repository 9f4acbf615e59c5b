//! What reasoning models think aloud: `<think>…</think>` and its like, left out as it streams.

use super::marks::{Around, Role, Sight, first, has_words, sight};

/// What came of a piece of text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// All that the turn said before this was a thought: it is to be taken back.
    pub(super) takes_back: bool,
    /// More words.
    pub(super) words: String,
}

/// Takes the thoughts out of one turn's text. A thought opens the turn, or stands between its sentences; where a server
/// leaves out its first mark, all words before the last one are the thought. White space before the first word goes with it.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    stage: Stage,
    /// What more text may change.
    held: String,
    around: Around,
    /// Words that look like a thought's first mark, and stand around something: its last mark is a word too.
    open_words: usize,
}

#[derive(Debug, Clone, Copy, Default)]
enum Stage {
    /// No word was said yet, or none since a thought.
    #[default]
    Opening,
    Thinking(&'static [&'static str]),
    Speaking,
}

impl Thoughts {
    /// The words of the next piece, if it has any.
    pub(super) fn strip(&mut self, piece: &str) -> Heard {
        self.held.push_str(piece);
        self.read(false)
    }

    /// The words that were held back, at the end of the turn. A thought without an end says nothing.
    pub(super) fn end(&mut self) -> Heard {
        let heard = self.read(true);
        *self = Self::default();
        heard
    }

    fn read(&mut self, is_all: bool) -> Heard {
        let mut heard = Heard::default();
        let text = std::mem::take(&mut self.held);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let next = match self.stage {
                Stage::Thinking(ends) => self.think(rest, ends),
                Stage::Opening if self.around.is_after_blank() && rest.starts_with(char::is_whitespace) => {
                    Some(rest.trim_start())
                }
                Stage::Opening | Stage::Speaking => self.speak(rest, is_all, &mut heard),
            };
            let Some(next) = next else { break };
            rest = next;
        }
        heard
    }

    /// What follows the thought; nothing if it has no end yet.
    fn think<'a>(&mut self, held: &'a str, ends: &[&str]) -> Option<&'a str> {
        let end = ends.iter().filter_map(|end| Some((held.find(end)?, end.len()))).min();
        if let Some((at, length)) = end {
            self.stage = Stage::Opening;
            return Some(&held[at + length..]);
        }
        let longest = ends.iter().map(|end| end.len()).max().unwrap_or(0);
        let begun = |from: &usize| ends.iter().any(|end| end.starts_with(&held[*from..]));
        let mut from =
            (held.len().saturating_sub(longest)..held.len()).filter(|at| held.is_char_boundary(*at));
        self.held = from.find(begun).map_or("", |from| &held[from..]).to_owned();
        None
    }

    /// Takes words up to the next mark; gives what follows, or nothing if more text has to come first.
    fn speak<'a>(&mut self, held: &'a str, is_all: bool, heard: &mut Heard) -> Option<&'a str> {
        let Some(at) = first(held) else {
            self.say(held, heard);
            return None;
        };
        let (words, from) = held.split_at(at);
        if !words.is_empty() {
            self.say(words, heard);
            return Some(from);
        }
        match sight(from) {
            Sight::Half if !is_all => self.hold(from),
            Sight::Mark(length, _) if from.len() == length && !is_all => self.hold(from),
            Sight::Mark(length, role) => {
                let next = from[length..].chars().next();
                let opens_turn = matches!((self.stage, role), (Stage::Opening, Role::Opens(_)));
                let mut is_mark =
                    opens_turn && self.around.is_after_blank() || self.around.is_mark(role, next);
                match role {
                    Role::Opens(_) if !is_mark && !self.around.is_code() && has_words(next) => {
                        self.open_words += 1;
                    }
                    Role::Closes if self.open_words > 0 && !self.around.is_code() => {
                        self.open_words -= 1;
                        is_mark = false;
                    }
                    Role::Opens(_) | Role::Closes | Role::Frames => {}
                }
                if !is_mark {
                    return self.say_one(from, heard);
                }
                match role {
                    Role::Opens(ends) => self.stage = Stage::Thinking(ends),
                    Role::Closes => {
                        heard.takes_back = true;
                        heard.words.clear();
                        self.stage = Stage::Opening;
                        self.around = Around::default();
                        self.open_words = 0;
                    }
                    Role::Frames => self.stage = Stage::Opening,
                }
                Some(&from[length..])
            }
            Sight::Half | Sight::Words => self.say_one(from, heard),
        }
    }

    fn hold<'a>(&mut self, text: &str) -> Option<&'a str> {
        text.clone_into(&mut self.held);
        None
    }

    fn say(&mut self, words: &str, heard: &mut Heard) {
        self.stage = Stage::Speaking;
        self.around.pass(words);
        heard.words.push_str(words);
    }

    /// What looks like a mark is a word: its first character is said, and the rest looked at again.
    fn say_one<'a>(&mut self, from: &'a str, heard: &mut Heard) -> Option<&'a str> {
        let mut rest = from.chars();
        let first = rest.next()?;
        self.say(first.encode_utf8(&mut [0; 4]), heard);
        Some(rest.as_str())
    }
}

#[cfg(test)]
mod tests;
