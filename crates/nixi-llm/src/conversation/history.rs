//! The history: whole exchanges, so that what is dropped leaves nothing half behind.

use super::message::Message;

/// How much of the history is kept, in bytes of text; the oldest exchanges go first. The running one always stays.
pub(crate) const BUDGET: usize = 256 * 1024;

/// Exchanges, the oldest first; each begins with a person's words.
#[derive(Debug, Default)]
pub(super) struct History {
    exchanges: Vec<Vec<Message>>,
}

impl History {
    pub(super) fn open(&mut self, words: String) {
        self.exchanges.push(vec![Message::Person(words)]);
    }

    /// Adds to the running exchange.
    pub(super) fn push(&mut self, message: Message) {
        if let Some(exchange) = self.exchanges.last_mut() {
            exchange.push(message);
        }
    }

    /// Ends the running exchange without an answer. If a round of it was complete, the model is told that there was
    /// none: it must know what its calls did. If not, the exchange never was.
    pub(super) fn close_unanswered(&mut self, why: &str) {
        match self.exchanges.last_mut() {
            Some(exchange) if exchange.len() > 1 => {
                exchange.push(Message::words(format!("(no answer: {why})")));
            }
            Some(_) | None => {
                self.exchanges.pop();
            }
        }
    }

    /// Drops the oldest exchanges beyond the budget; tells how many went.
    pub(super) fn trim(&mut self) -> usize {
        let mut bytes: usize = self.exchanges.iter().flatten().map(Message::bytes).sum();
        let mut gone = 0;
        while bytes > BUDGET && self.exchanges.len() - gone > 1 {
            bytes -= self.exchanges[gone].iter().map(Message::bytes).sum::<usize>();
            gone += 1;
        }
        self.exchanges.drain(..gone);
        gone
    }

    /// Drops all exchanges; tells how many went.
    pub(super) fn forget(&mut self) -> usize {
        self.exchanges.drain(..).count()
    }

    pub(super) fn messages(&self) -> Vec<Message> {
        self.exchanges.iter().flatten().cloned().collect()
    }
}
