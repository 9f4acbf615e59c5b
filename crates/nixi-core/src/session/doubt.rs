//! What only a person can say: which of several things their words meant, or what is to become of a switch.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::bare::{name, noun};
use crate::call::typed;
use crate::error::{ErrorKind, ErrorReport};

/// Several things, one of which it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ambiguity {
    question: &'static str,
    message: String,
    meanings: Vec<Meaning>,
}

/// One of the things that it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// What it is, in a word: `container`, `unit`.
    pub noun: String,
    /// What that comes to: the command that means it and nothing else, as a person types it, or a few words.
    pub command: String,
}

/// Several things, while the person is asked which it is to be. Dropped unanswered, it is none of them.
#[derive(Debug)]
pub struct Doubt {
    ambiguity: Ambiguity,
    answer: oneshot::Sender<usize>,
}

impl Ambiguity {
    /// These actions, each with the arguments as it understood them, all find on these nodes what was named.
    pub(super) fn between<'a>(
        actions: impl IntoIterator<Item = (&'a str, &'a Value)>,
        nodes: &[&str],
    ) -> Self {
        let (mut named, mut meanings) = (None, Vec::new());
        for (action, args) in actions {
            named.get_or_insert_with(|| name(args));
            meanings.push(Meaning { noun: noun(action).to_owned(), command: typed(action, args, nodes) });
        }
        let nouns: Vec<String> = meanings.iter().map(|meaning| format!("a {}", meaning.noun)).collect();
        let named = named.unwrap_or_default();
        let message = format!("{named} can mean {} on {}", nouns.join(" or "), nodes.join(", "));
        Self { question: "Which one is meant?", message, meanings }
    }

    /// What failed with a switch, and whether the new system stays all the same; `left` is how long the node still waits.
    pub(super) fn of_a_switch(failed: &str, left: Duration) -> Self {
        let meaning = |noun: &str, words: String| Meaning { noun: noun.to_owned(), command: words };
        let back = format!("to the system before; without an answer it does so in {}s", left.as_secs());
        let meanings = vec![
            meaning("go back", back),
            meaning("keep", "the new system, though something in it failed".to_owned()),
        ];
        Self { question: "What is it to be?", message: failed.to_owned(), meanings }
    }

    /// The one of [`Ambiguity::of_a_switch`] that keeps the new system.
    pub(super) const KEEP: usize = 1;

    /// What is told where nobody says which was meant.
    pub(super) fn report(&self) -> ErrorReport {
        let commands: Vec<String> =
            self.meanings.iter().map(|meaning| format!("`{}`", meaning.command)).collect();
        let message = format!("{}; {}", self.message, commands.join(" or "));
        let hint =
            "say which, by one of these commands, or with the word `container` or `service` before the name";
        ErrorReport::new(ErrorKind::NotUnderstood, message).hint(hint)
    }
}

impl Doubt {
    pub(super) fn new(ambiguity: Ambiguity) -> (Self, oneshot::Receiver<usize>) {
        let (answer, waiting) = oneshot::channel();
        (Self { ambiguity, answer }, waiting)
    }

    /// What is asked, in a sentence.
    #[must_use]
    pub fn question(&self) -> &'static str {
        self.ambiguity.question
    }

    /// What can mean what, and where.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.ambiguity.message
    }

    /// What may have been meant; two at least.
    #[must_use]
    pub fn meanings(&self) -> &[Meaning] {
        &self.ambiguity.meanings
    }

    /// Whether nobody waits for the answer any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.answer.is_closed()
    }

    /// This one of [`Doubt::meanings`] was meant, counted from 0. One that is not there is none.
    pub fn settle(self, meaning: usize) {
        if meaning < self.ambiguity.meanings.len() {
            // Whoever asked may have gone; then nothing is done.
            let _ = self.answer.send(meaning);
        }
    }
}
