//! Words that fit several things, and the person who says which was meant.

use serde_json::Value;
use tokio::sync::oneshot;

use super::bare::{name, noun};
use crate::call::typed;
use crate::error::{ErrorKind, ErrorReport};

/// Words that fit several things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ambiguity {
    message: String,
    meanings: Vec<Meaning>,
}

/// One of the things that the words fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// What it is, in a word: `container`, `unit`.
    pub noun: String,
    /// The command that means it and nothing else, as a person types it.
    pub command: String,
}

/// Words that fit several things, while the person is asked which was meant. Dropped unanswered, nothing is done.
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
        Self { message: format!("{named} can mean {} on {}", nouns.join(" or "), nodes.join(", ")), meanings }
    }

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

    /// This one of [`Doubt::meanings`] was meant, counted from 0. One that is not there is none.
    pub fn settle(self, meaning: usize) {
        if meaning < self.ambiguity.meanings.len() {
            // Whoever asked may have gone; then nothing is done.
            let _ = self.answer.send(meaning);
        }
    }
}
