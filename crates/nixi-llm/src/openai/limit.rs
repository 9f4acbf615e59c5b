//! The body of a turn as lines, and how much of it is read: an endless answer ends here, below what parses it.
//!
//! The parser of events looks at an unfinished line anew with each piece of it, keeps an `id` with each later event,
//! and trips over a byte order mark. It gets whole events, each on a line of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{Stream, StreamExt, stream};

use super::events::Events;

/// The most bytes of one turn, with all that servers write around its words.
const BODY: usize = 4 * 1024 * 1024;

/// The most bytes of one event.
const EVENT: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Whether a limit was passed: the parser of events tells of a failure only in words.
#[derive(Debug, Clone, Default)]
pub(super) struct Passed(Arc<AtomicBool>);

impl Passed {
    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The events of a body, each in one piece. Past a limit they end, and `passed` tells so.
pub(super) fn events<B, E>(
    body: impl Stream<Item = Result<B, E>> + Send + 'static,
    events: Events,
    passed: Passed,
) -> impl Stream<Item = Result<Vec<u8>, Failure>> + Send + 'static
where
    B: AsRef<[u8]> + Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    let start = (Box::pin(body), Lines::default(), events, passed);
    stream::unfold(start, |(mut body, mut lines, mut events, passed)| async move {
        loop {
            while let Some(line) = lines.next() {
                let event = events.line(&line);
                if !event.is_empty() {
                    return Some((Ok(event), (body, lines, events, passed)));
                }
                if events.is_over() {
                    return None;
                }
            }
            if lines.too_long {
                passed.0.store(true, Ordering::Relaxed);
                return None;
            }
            if events.is_over() {
                return None;
            }
            match body.next().await {
                Some(Ok(bytes)) => lines.add(bytes.as_ref()),
                Some(Err(error)) => return Some((Err(error.into()), (body, lines, events, passed))),
                None => {
                    let mut rest = events.line(&lines.rest());
                    rest.extend(events.end());
                    return Some((Ok(rest), (body, lines, events, passed)));
                }
            }
        }
    })
}

/// What has come and was not handed on.
#[derive(Debug, Default)]
struct Lines {
    pending: VecDeque<u8>,
    line: Vec<u8>,
    body: usize,
    event: usize,
    has_begun: bool,
    too_long: bool,
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) {
        self.body += bytes.len();
        self.too_long |= self.body > BODY;
        self.pending.extend(bytes);
    }

    /// The next whole line; nothing if more has to come first, or too much has come.
    fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(&byte) = self.pending.front() {
            // A line ends with \n, \r\n, or a \r that no \n follows.
            let mut is_over = self.line.ends_with(b"\r") && byte != b'\n';
            if !is_over {
                self.pending.pop_front();
                self.line.push(byte);
                self.event += 1;
                self.too_long |= self.event > EVENT;
                is_over = byte == b'\n';
            }
            if self.too_long {
                return None;
            }
            if is_over {
                return Some(self.end_line());
            }
        }
        None
    }

    /// What stands behind the last line's end.
    fn rest(&mut self) -> Vec<u8> {
        self.end_line()
    }

    fn end_line(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.has_begun, true) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        let is_empty = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if is_empty {
            self.event = 0;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of these pieces, and whether a limit was passed.
    fn read(pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut lines = Lines::default();
        let mut read = Vec::new();
        for piece in pieces {
            lines.add(piece);
            while let Some(line) = lines.next() {
                read.push(String::from_utf8(line).unwrap());
            }
        }
        (read, lines.too_long)
    }

    #[test]
    fn lines_are_whole() {
        let body =
            b"\xef\xbb\xbfdata: a\r\n\r\nid: 1\n: hm\nevent: keepalive\rdata: b\r\rretry: 1\n\ndata: c";
        let lines = [
            "data: a\r\n",
            "\r\n",
            "id: 1\n",
            ": hm\n",
            "event: keepalive\r",
            "data: b\r",
            "\r",
            "retry: 1\n",
            "\n",
        ];
        assert_eq!(read(&[body]).0, lines);
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(&bytes).0, lines);
    }

    #[test]
    fn an_event_and_a_body_have_a_length() {
        let kib = [b'x'; 1024];
        let endless: Vec<&[u8]> = std::iter::once(&b"data:"[..]).chain([&kib[..]; 1024]).collect();
        assert_eq!(read(&endless), (Vec::new(), true));
        assert!(!read(&endless[..1024]).1);
        // Lines without an end of the event, and a comment without one.
        assert!(read(&vec![&b"data: x\r\n"[..]; EVENT / 8]).1);
        assert!(read(&[&b":"[..], &vec![b' '; EVENT]]).1);
        let event = [&b"data: "[..], &kib, &b"\n\n"[..]].concat();
        let events = vec![&event[..]; BODY / event.len()];
        assert!(!read(&events).1);
        assert!(read(&[&events[..], &[&event]].concat()).1);
    }

    proptest! {
        #[test]
        fn it_is_the_same_in_any_pieces(body in "(data: [a-z]{0,3}|[\r\n]|event|id: 1|\u{feff}){0,20}", at in 1..9usize) {
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(at).collect();
            prop_assert_eq!(read(&pieces), read(&[body.as_bytes()]));
        }
    }
}
