//! Where the events of a running request wait to be shown.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use nixi_core::Event;
use nixi_core::session::Audience;
use tokio::sync::Notify;

/// The most bytes of followed lines that wait, of one call.
const MOST: usize = 256 * 1024;

/// Hears without blocking and forgets nothing but the oldest of many lines that are followed. Words that follow one another become one event, so that a model which
/// is faster than the screen fills no queue.
#[derive(Default)]
pub(crate) struct Mailbox {
    events: Mutex<VecDeque<Event>>,
    arrived: Notify,
}

impl Mailbox {
    /// Waits until there is something.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Everything that was heard since, in order.
    pub(crate) fn take(&self) -> VecDeque<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Audience for Mailbox {
    fn hear(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Event::Said(more), Some(Event::Said(words))) = (&event, events.back_mut()) {
            words.push_str(more);
        } else if let Event::Output { call, chunk } = event {
            let same =
                |event: &&mut Event| matches!(event, Event::Output { call: other, .. } if *other == call);
            match events.iter_mut().find(same) {
                Some(Event::Output { chunk: lines, .. }) => add(lines, &chunk),
                Some(_) | None => events.push_back(Event::Output { call, chunk }),
            }
        } else {
            events.push_back(event);
        }
        drop(events);
        self.arrived.notify_one();
    }
}

/// Puts more lines behind those that wait, of which the oldest go where there are too many for any screen.
fn add(lines: &mut String, more: &str) {
    lines.push_str(more);
    if lines.len() > MOST {
        let from = lines.len() - MOST / 2;
        let cut = lines
            .as_bytes()
            .iter()
            .skip(from)
            .position(|byte| *byte == b'\n')
            .map_or(lines.len(), |at| from + at + 1);
        lines.drain(..cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_are_put_together_and_order_is_kept() {
        let mailbox = Mailbox::default();
        for event in [
            Event::Said("a".to_owned()),
            Event::Said("b".to_owned()),
            Event::Notice("n".to_owned()),
            Event::Said("c".to_owned()),
        ] {
            mailbox.hear(event);
        }
        mailbox.arrived().await;
        let events = format!("{:?}", mailbox.take());
        assert_eq!(events, r#"[Said("ab"), Notice("n"), Said("c")]"#);
        assert!(mailbox.take().is_empty());
    }
}
