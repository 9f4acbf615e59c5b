//! The person on the terminal, who says yes or no.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nixi_core::session::{ApproverHandle, Standing};
use nixi_core::{Refusal, Risk};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};

use crate::output::{Loudness, Screen};

/// No answer is longer.
const MOST_BYTES: usize = 256;
/// For so long nothing may come before an answer is read: nobody has read a question earlier than that.
const QUIET: Timespec = Timespec { tv_sec: 0, tv_nsec: 400_000_000 };
/// What is not quiet by then is nobody who answers.
const NOISE: Duration = Duration::from_secs(10);

/// Whether somebody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// Questions can be seen, and answers typed.
    Present,
    /// There is no terminal on one of the two sides.
    Absent,
}

impl Person {
    /// Looks at standard input and standard error; results may go elsewhere.
    pub(crate) fn here() -> Self {
        if io::stdin().is_terminal() && io::stderr().is_terminal() { Self::Present } else { Self::Absent }
    }
}

/// Answers every review of a session: what was said yes to in advance, else what the person says, else no.
pub(crate) async fn answer(
    mut approver: ApproverHandle,
    standing: Standing,
    person: Person,
    screen: Arc<Screen>,
) {
    while let Some(pending) = approver.next().await {
        if standing.covers(pending.review()) {
            if screen.loudness >= Loudness::Normal {
                screen.plan(pending.review());
            }
            pending.approve();
            continue;
        }
        if person == Person::Absent {
            pending.deny(Refusal::NobodyToAsk);
            continue;
        }
        let risk = pending.review().risk;
        forget_typed();
        screen.ask(pending.review());
        let shown = Arc::clone(&screen);
        let said = tokio::task::spawn_blocking(move || {
            let said = hear(&shown, risk);
            shown.answered(said.is_some());
            said.unwrap_or(Answer::No)
        });
        match said.await {
            Ok(Answer::Yes) => pending.approve(),
            Ok(Answer::No) | Err(_) => pending.deny(Refusal::Person),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
}

/// The answer to the question that stands, once there was quiet; nothing if nobody gave one.
fn hear(screen: &Screen, risk: Risk) -> Option<Answer> {
    let begun = Instant::now();
    let mut is_noisy = false;
    loop {
        match is_quiet() {
            // What came with the question answers nothing, half a line neither.
            Ok(true) if is_noisy => {
                screen.ask_again("(what came together with the question was not read)", risk);
                is_noisy = false;
            }
            Ok(true) => break,
            Ok(false) if begun.elapsed() < NOISE => is_noisy = true,
            Ok(false) => {
                screen.remark("(input does not stop coming: taken as a no)");
                return None;
            }
            Err(_) => return None,
        }
        forget_typed();
    }
    forget_typed();
    read_answer(&mut Keyboard, risk)
}

/// Waits for input for a while; whether none came.
fn is_quiet() -> io::Result<bool> {
    let input = io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    match poll(&mut polled, Some(&QUIET)) {
        Ok(0) => Ok(true),
        Ok(_) if polled[0].revents() == PollFlags::IN => Ok(false),
        Ok(_) => Err(io::ErrorKind::BrokenPipe.into()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What was typed before a question was seen answers nothing.
fn forget_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// Standard input without a buffer of our own: what is read stays with the question that it was read for, and what is
/// not read stays where `tcflush` finds it.
struct Keyboard;

impl Read for Keyboard {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin(), bytes)?)
    }
}

/// Reads one line to its end. Anything but a clear yes is a no; nothing is the end of the input, or an error.
fn read_answer(input: &mut impl Read, risk: Risk) -> Option<Answer> {
    let line = read_line(input)?;
    let word = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
    let yes = match risk {
        Risk::Routine => matches!(word.as_str(), "y" | "yes"),
        Risk::Destructive => word == "yes",
    };
    Some(if yes { Answer::Yes } else { Answer::No })
}

/// One whole line, byte by byte, so that nothing behind its end is taken; nothing if it is cut off. Of a line that is too
/// long nothing is kept.
fn read_line(input: &mut impl Read) -> Option<Vec<u8>> {
    let (mut line, mut is_short, mut byte) = (Vec::new(), true, [0]);
    loop {
        match input.read(&mut byte) {
            Ok(1) if byte == *b"\n" => return Some(if is_short { line } else { Vec::new() }),
            Ok(1) if line.len() < MOST_BYTES => line.extend(byte),
            // The rest of the line belongs to it, and answers nothing else.
            Ok(1) => is_short = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(line: &str, risk: Risk) -> bool {
        read_answer(&mut line.as_bytes(), risk) == Some(Answer::Yes)
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        for yes in ["y\n", "Y\n", "yes\n", " yes \r\n"] {
            assert!(says(yes, Risk::Routine), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "no\n", "yep\n", "y", "yes", "y y\n", "\u{fffd}\n"] {
            assert!(!says(no, Risk::Routine), "{no:?}");
        }
        assert!(!says(&format!("{}y\n", " ".repeat(300)), Risk::Routine), "too long to have been meant");
    }

    #[test]
    fn what_destroys_needs_the_whole_word() {
        assert!(says("yes\n", Risk::Destructive));
        assert!(!says("y\n", Risk::Destructive));
    }

    #[test]
    fn one_line_answers_one_question() {
        let mut input = "no\nyes\n".as_bytes();
        assert_eq!(read_answer(&mut input, Risk::Routine), Some(Answer::No));
        assert_eq!(read_answer(&mut input, Risk::Routine), Some(Answer::Yes));
    }

    #[test]
    fn the_rest_of_a_long_line_answers_nothing() {
        for long in [255, 256, 257, 300, 10_000] {
            let line = format!("{}y\nno\n", "x".repeat(long));
            let mut input = line.as_bytes();
            assert_eq!(read_answer(&mut input, Risk::Routine), Some(Answer::No), "{long}");
            assert_eq!(input, b"no\n", "{long}: the whole line was taken, and nothing else");
        }
    }

    #[test]
    fn an_input_that_fails_says_nothing() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::Other.into())
            }
        }
        assert_eq!(read_answer(&mut Broken, Risk::Routine), None);
    }
}
