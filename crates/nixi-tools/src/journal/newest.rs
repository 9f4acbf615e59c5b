//! The newest entries of an answer of any length, taken while it streams in.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use nixi_core::command::Lines;

use super::entry::{self, JournalEntry};
use crate::rows::LeftOut;

/// The most bytes of messages and names that are kept of an answer.
const KEPT: usize = 8 * 1024 * 1024;
/// The most bytes that are read of an answer. (journalctl leaves out fields of more than 4096 bytes, so that 10,000
/// usual entries are far smaller.)
const READ: usize = 256 * 1024 * 1024;
/// The longest line that is read; the rest of a longer one is passed over.
const LINE: usize = 1024 * 1024;
/// The most oddities that are named; of more than these the number is told.
const ODD: usize = 20;

/// Takes an answer of journalctl piece by piece and keeps the newest entries, a bounded number and size of them.
#[derive(Debug)]
pub(crate) struct Newest {
    limit: usize,
    kept: VecDeque<JournalEntry>,
    /// The size of what is kept.
    size: usize,
    read: usize,
    line: Vec<u8>,
    /// Whether the line is longer than is read.
    overlong: bool,
    lines: usize,
    last: Option<u64>,
    /// How often an entry was later, or earlier, than the one printed before it.
    rises: usize,
    falls: usize,
    left_out: Vec<LeftOut>,
    more: usize,
    cut: bool,
}

/// What came of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The newest entries, the oldest first.
    pub(crate) entries: Vec<JournalEntry>,
    /// What could not be read.
    pub(crate) left_out: Vec<LeftOut>,
}

impl Newest {
    pub(crate) fn new(lines: Lines) -> Self {
        Self {
            limit: usize::try_from(u32::from(lines)).unwrap_or(usize::MAX),
            kept: VecDeque::new(),
            size: 0,
            read: 0,
            line: Vec::new(),
            overlong: false,
            lines: 0,
            last: None,
            rises: 0,
            falls: 0,
            left_out: Vec::new(),
            more: 0,
            cut: false,
        }
    }

    /// The next bytes of the answer. It breaks off when nothing that can follow would be kept.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.read = self.read.saturating_add(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (part, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |part| (part, true));
            let room = LINE - self.line.len();
            self.overlong |= part.len() > room;
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            if ends {
                self.end_line()?;
            }
        }
        if self.read > READ {
            self.cut = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn end_line(&mut self) -> ControlFlow<()> {
        self.lines += 1;
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.overlong) {
            self.leave_out(&format!("line {}", self.lines), "it is longer than 1 MiB");
            return ControlFlow::Continue(());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() || is_mark(line) {
            return ControlFlow::Continue(());
        }
        match entry::read(line) {
            Ok(read) => {
                for field in read.odd {
                    let what = format!("{field} of an entry of {}", read.entry.time);
                    self.leave_out(&what, "it is neither text nor bytes");
                }
                self.keep(read.entry, read.at)
            }
            Err(why) => {
                // A line of JSON may hold what nobody wants quoted; a remark is named by its words.
                let quoted = if line.starts_with('{') { "" } else { line };
                let colon = if quoted.is_empty() { "" } else { ": " };
                self.leave_out(&format!("line {}{colon}{quoted}", self.lines), &why);
                ControlFlow::Continue(())
            }
        }
    }

    fn keep(&mut self, entry: JournalEntry, at: u64) -> ControlFlow<()> {
        match self.last.replace(at) {
            Some(last) if at > last => self.rises += 1,
            Some(last) if at < last => self.falls += 1,
            Some(_) | None => {}
        }
        self.size += size(&entry);
        self.kept.push_back(entry);
        let newest_first = self.is_newest_first();
        while self.kept.len() > self.limit || (self.size > KEPT && self.kept.len() > 1) {
            self.cut |= self.kept.len() <= self.limit;
            let gone = if newest_first { self.kept.pop_back() } else { self.kept.pop_front() };
            self.size -= gone.as_ref().map_or(0, size);
            if newest_first {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// It is asked to be; but an answer that mostly rises in time is not. (In one that is, a clock that was set back
    /// makes a rise here and there.)
    fn is_newest_first(&self) -> bool {
        self.rises <= self.falls
    }

    fn leave_out(&mut self, what: &str, why: &str) {
        if self.left_out.len() < ODD {
            self.left_out.push(LeftOut::new(what, why));
        } else {
            self.more += 1;
        }
    }

    /// More was printed than has come here.
    pub(crate) fn cut(&mut self) {
        self.cut = true;
        self.line.clear();
    }

    /// When no more comes. A last line without an end is read as far as it is there.
    pub(crate) fn end(mut self) -> Taken {
        if !self.line.is_empty() || self.overlong {
            let _ = self.end_line();
        }
        let newest_first = self.is_newest_first();
        let mut entries = Vec::from(self.kept);
        if newest_first {
            entries.reverse();
        }
        let mut left_out = self.left_out;
        if self.more > 0 {
            left_out.push(LeftOut::new(&format!("{} more", self.more), "they could not be read either"));
        }
        if self.cut {
            left_out.push(LeftOut::new(
                "older entries",
                "the answer is longer than Nixi keeps; ask for fewer lines",
            ));
        }
        Taken { entries, left_out }
    }
}

/// The lines by which journalctl itself parts the entries: `-- No entries --`, `-- Boot 0f1e… --`, `-- Reboot --`.
fn is_mark(line: &str) -> bool {
    line.starts_with("-- ") && line.ends_with(" --")
}

fn size(entry: &JournalEntry) -> usize {
    entry.source.len() + entry.message.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(limit: u32) -> Lines {
        limit.try_into().unwrap()
    }

    fn line(at: u64, message: &str) -> String {
        format!("{{\"__REALTIME_TIMESTAMP\":\"{at}\",\"MESSAGE\":{}}}\n", serde_json::Value::from(message))
    }

    /// What is kept of an answer that comes in pieces of this size, and whether it broke off.
    fn taken(limit: u32, answer: &[u8], piece: usize) -> (Taken, bool) {
        let mut newest = Newest::new(lines(limit));
        let broke = answer.chunks(piece.max(1)).any(|piece| newest.take(piece).is_break());
        (newest.end(), broke)
    }

    fn messages(taken: &Taken) -> Vec<&str> {
        taken.entries.iter().filter_map(|entry| entry.message.as_deref()).collect()
    }

    fn left_out(taken: &Taken) -> Vec<&str> {
        taken.left_out.iter().map(|odd| odd.what.as_str()).collect()
    }

    #[test]
    fn the_newest_are_kept_whichever_comes_first() {
        let print = |order: &[u64]| order.iter().map(|at| line(*at, &at.to_string())).collect::<String>();
        for (answer, expected) in [
            (print(&[5, 4, 3]), ["3", "4", "5"]),
            (print(&[5, 4, 3, 2, 1]), ["3", "4", "5"]),
            (print(&[1, 2, 3, 4, 5]), ["3", "4", "5"]),
            (print(&[3, 4, 5]), ["3", "4", "5"]),
        ] {
            assert_eq!(messages(&taken(3, answer.as_bytes(), 7).0), expected, "{answer}");
        }
        // The clock was set back in the middle: what journalctl printed first is the newest all the same.
        let back = print(&[12, 11, 19, 18, 17]);
        assert_eq!(messages(&taken(9, back.as_bytes(), 64).0), ["17", "18", "19", "11", "12"]);
        // Of one moment, they are as they were asked for.
        let same = format!("{}{}", line(1, "second"), line(1, "first"));
        assert_eq!(messages(&taken(9, same.as_bytes(), 64).0), ["first", "second"]);
    }

    #[test]
    fn an_answer_without_end_is_neither_kept_nor_read_on() {
        let long = line(7, &"x".repeat(100_000));
        let mut newest = Newest::new(lines(10_000));
        let took = (0..10_000).position(|_| newest.take(long.as_bytes()).is_break()).unwrap();
        assert!(took < 100, "{took}");
        let end = newest.end();
        assert!(end.entries.iter().map(size).sum::<usize>() <= KEPT);
        assert_eq!(left_out(&end), ["older entries"]);

        let mut newest = Newest::new(lines(5));
        let garbage = [b'x'; 64 * 1024];
        let took = (0..100_000).position(|_| newest.take(&garbage).is_break()).unwrap();
        assert!(took * garbage.len() <= READ && newest.line.capacity() <= 2 * LINE);
        assert_eq!(left_out(&newest.end()), ["line 1", "older entries"]);

        let mut newest = Newest::new(lines(5));
        for number in 0..1_000_u32 {
            assert!(newest.take(format!("{number}\n").as_bytes()).is_continue());
        }
        let end = newest.end();
        assert_eq!((end.left_out.len(), end.left_out[20].what.as_str()), (21, "980 more"));
    }

    #[test]
    fn oddities_are_named_and_hide_nothing() {
        let answer = format!(
            "{}-- Boot 0f1e --\njournalctl: a remark\n{{\"__REALTIME_TIMESTAMP\":\"2\",\"MESSAGE\":{{}}}}\n{}{{\"__REALTIME_TIMESTAMP\":\"0\",\"MESSAGE\":\"cut sh",
            line(3, "good"),
            line(1, "good too"),
        );
        let (end, broke) = taken(100, answer.as_bytes(), 5);
        assert_eq!((messages(&end), end.entries.len(), broke), (vec!["good too", "good"], 3, false));
        assert_eq!(
            left_out(&end),
            ["line 3: journalctl: a remark", "MESSAGE of an entry of 1970-01-01T00:00:00Z", "line 6"]
        );
        assert_eq!(messages(&taken(9, line(1, "whole").trim_end().as_bytes(), 9).0), ["whole"]);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(order in prop::collection::vec(0..30_u64, 0..20), limit in 1..12_u32, piece in 1..90_usize) {
            let answer: String = order.iter().map(|at| line(*at, &format!("m{at}"))).collect();
            let whole = taken(limit, answer.as_bytes(), answer.len()).0;
            prop_assert!(whole.entries.len() <= limit as usize && whole.left_out.is_empty());
            prop_assert_eq!(taken(limit, answer.as_bytes(), piece).0, whole);
        }

        /// Every line that is not empty is an entry or is named.
        #[test]
        fn no_line_vanishes(lines in prop::collection::vec("[a-z{}\":0-9]{1,20}|\\{\"__REALTIME_TIMESTAMP\":\"[0-9]{1,9}\"\\}", 0..19)) {
            let end = taken(100, (lines.join("\n")).as_bytes(), 11).0;
            prop_assert_eq!(end.entries.len() + end.left_out.len(), lines.len());
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1..99_usize) {
            let _ = taken(3, &bytes, piece);
        }
    }
}
