//! Whether the journal is as it was written.

use nixi_core::journal::Verified;
use serde::de::IgnoredAny;

use super::file::{JournalFile, Kept};
use super::head::{Head, digest, no_digest};

/// How many problems are told one by one; a line in the wrong place makes several.
const MOST: usize = 20;

/// What was seen of the lines so far.
#[derive(Default)]
struct Chain {
    lines: u64,
    last: Option<Head>,
    problems: Vec<String>,
}

impl Chain {
    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        let expected = 1 + self.last.as_ref().map_or(0, |last| last.number);
        let prev = self.last.as_ref().map_or_else(no_digest, |last| last.digest.clone());
        let number = match Kept::<IgnoredAny>::of(line) {
            None => {
                self.problems.push(format!("line {expected} cannot be read"));
                expected
            }
            Some(kept) => {
                if let Some(damage) = kept.damage {
                    self.problems.push(format!("line {} says: {damage}", kept.n));
                }
                match kept.n {
                    n if n == expected => {}
                    n if n == expected + 1 => self.problems.push(format!("line {expected} is missing")),
                    n if n > expected => {
                        self.problems.push(format!("lines {expected} to {} are missing", n - 1))
                    }
                    n => self.problems.push(format!("line {n} stands where line {expected} belongs")),
                }
                if kept.n == expected && kept.prev != prev {
                    self.problems.push(match expected {
                        1 => "line 1 says that a line came before it".to_owned(),
                        n => format!("line {} or line {n} was changed: they do not fit together", n - 1),
                    });
                }
                kept.n
            }
        };
        self.last = Some(Head { number, digest: digest(line) });
    }

    fn end(&mut self, head: Option<Head>, cut_off: usize) -> Option<String> {
        let last = self.last.take();
        let ended = last.as_ref().map_or(0, |last| last.number);
        match (last, head) {
            (None, None) => {}
            (None, Some(head)) if head == Head::of_none() => {}
            (Some(_), None) => self.problems.push(
                "journal.head is missing: whether lines are missing at the end cannot be told".to_owned(),
            ),
            (_, Some(head)) if head.number > ended => {
                self.problems.push(format!(
                    "the journal ends with line {ended}, and it had ended with line {}",
                    head.number
                ));
                return None;
            }
            (last, Some(head)) if head.number == ended => {
                if last.is_none_or(|last| last.digest != head.digest) {
                    self.problems.push(format!("line {ended} was changed"));
                }
            }
            (_, Some(head)) if ended - head.number > 1 => {
                self.problems.push(format!("the lines after line {} were not written by Nixi", head.number));
            }
            (_, Some(_)) => {}
        }
        (cut_off > 0).then(|| {
            format!(
                "after line {ended}, a line was cut off while it was written ({cut_off} bytes); nothing was run on its strength"
            )
        })
    }
}

impl JournalFile {
    pub(super) fn verify(&self) -> Result<Verified, String> {
        let mut chain = Chain::default();
        let (cut_off, head) = self.each_line(|line| chain.line(line))?;
        let remark = chain.end(head, cut_off);
        let Chain { lines, mut problems, .. } = chain;
        if problems.len() > MOST {
            let more = problems.len() - MOST;
            problems.truncate(MOST);
            problems.push(format!("and {more} more"));
        }
        Ok(Verified { lines, problems, remarks: remark.into_iter().collect() })
    }
}
