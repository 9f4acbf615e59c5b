//! Lines of what is followed, told while they come.

use nixi_core::text::fit;

/// The longest line that is put together, in bytes; of a longer one this much is told.
const LONGEST: usize = 64 * 1024;

/// Bytes on their way to become lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    /// What is left of a line that is too long goes until it ends.
    overflows: bool,
}

impl Lines {
    /// The lines that end in these bytes, without their ends, in order.
    pub(crate) fn take(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            if !self.overflows {
                let room = LONGEST - self.begun.len();
                self.begun.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
                self.overflows = part.len() > room;
            }
            if parts.peek().is_some() {
                each(String::from_utf8_lossy(&self.begun).trim_end_matches('\r'));
                self.begun.clear();
                self.overflows = false;
            }
        }
    }
}

/// How many characters of a line are shown.
const SHOWN: usize = 4096;

/// One line of text as it is told; line breaks in it are set in.
pub(crate) fn line(text: &str) -> String {
    format!("{}\n", fit(text.trim_end(), SHOWN).replace('\n', "\n    "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        pieces.iter().for_each(|piece| lines.take(piece, |line| all.push(line.to_owned())));
        all
    }

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        assert_eq!(lines(&[b"one\ntw", b"o\r\n", b"\nthree"]), ["one", "two", ""], "the last has not ended");
        assert_eq!(lines(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_than_its_room() {
        let long = vec![b'x'; 3 * LONGEST];
        let told = lines(&[&long, &long, b"\nnext\n"]);
        assert_eq!((told[0].len(), told[1].as_str()), (LONGEST, "next"));
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(text in "[a-z\n]{0,60}", cuts in prop::collection::vec(0..60_usize, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|two| &bytes[two[0]..two[1]]).collect();
            let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
            let right: Vec<&str> = whole.split_terminator('\n').collect();
            prop_assert_eq!(lines(&pieces), right);
        }
    }
}
