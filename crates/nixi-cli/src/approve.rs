//! The person on the terminal, who says yes or no, and which of two things they meant.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nixi_core::Refusal;
use nixi_core::plan::{Reply, Review, Uncovered};
use nixi_core::session::{AdvanceConsent, Doubt, Meaning, Pending, Question, Questions, SecretWanted};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};

use crate::hidden::Hidden;
use crate::output::{Loudness, Screen, doubt, plan};

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
    /// They said that they will answer later.
    Later,
}

/// What becomes of a switch after which a unit newly failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewFailures {
    /// The person says.
    AskedAbout,
    /// The node goes back.
    TakenBack,
}

impl Person {
    /// Looks at standard input and standard error; results may go elsewhere.
    pub(crate) fn here() -> Self {
        if io::stdin().is_terminal() && io::stderr().is_terminal() { Self::Present } else { Self::Absent }
    }
}

/// Answers every question of a session: what was said yes to in advance, else what the person says, else no.
pub(crate) async fn answer(
    mut questions: Questions,
    consent: AdvanceConsent,
    person: Person,
    failures: NewFailures,
    screen: Arc<Screen>,
) {
    while let Some(question) = questions.next().await {
        match question {
            Question::Approval(pending) if consent.covers(pending.review()) => {
                if screen.loudness >= Loudness::Normal {
                    screen.plan(pending.review());
                }
                pending.approve_in_advance();
            }
            Question::Approval(pending) if waits(person, pending.review()) => {
                if screen.loudness >= Loudness::Normal {
                    screen.plan(pending.review());
                }
                pending.leave_waiting();
            }
            Question::Approval(pending) if person == Person::Absent => pending.deny(Refusal::NobodyToAsk),
            Question::Approval(pending) => decide(pending, &screen).await,
            // Dropped, it is told with the commands that settle it.
            Question::Meaning(_) if person != Person::Present => {}
            Question::Meaning(doubt) => settle(doubt, &screen).await,
            // Dropped, the node goes back.
            Question::Verdict(_) if person != Person::Present || failures == NewFailures::TakenBack => {}
            Question::Verdict(doubt) => settle(doubt, &screen).await,
            // Dropped, it is told how to give it.
            Question::Secret(_) if person != Person::Present => {}
            Question::Secret(wanted) => take(wanted, &screen).await,
        }
    }
}

/// Whether a review is left for later: as it was said, or because what waits goes on waiting until somebody is there.
fn waits(person: Person, review: &Review) -> bool {
    match person {
        Person::Present => false,
        Person::Absent => matches!(review.uncovered, Some(Uncovered::Unseen | Uncovered::DamagedJournal)),
        Person::Later => true,
    }
}

/// Asks whether to do what a review shows.
async fn decide(pending: Pending, screen: &Arc<Screen>) {
    let review = pending.review();
    let (risk, parts, question) = (review.risk, review.parts.len(), plan::question(review));
    forget_typed();
    screen.ask(review);
    match listen(screen, question).await.map(|line| Reply::of(&line, risk, parts)) {
        Some(Reply::Yes) => pending.approve(),
        Some(Reply::Keep(parts)) => pending.only(parts),
        Some(Reply::No) | None => pending.deny(Refusal::Person),
    }
}

/// Asks which of several things was meant.
async fn settle(doubt: Doubt, screen: &Arc<Screen>) {
    forget_typed();
    screen.ask_which(&doubt);
    let line = listen(screen, &doubt::question(&doubt)).await;
    match line.and_then(|line| meant(&line, doubt.meanings())) {
        Some(_) if doubt.is_over() => screen.remark("(too late: nothing waits for this answer any more)"),
        Some(meant) => doubt.settle(meant),
        None => {}
    }
}

/// Asks for a secret, and shows nothing of what is typed.
async fn take(wanted: SecretWanted, screen: &Arc<Screen>) {
    let Ok(hidden) = Hidden::begin() else { return };
    forget_typed();
    screen.ask_secret(&wanted);
    let shown = Arc::clone(screen);
    let heard = tokio::task::spawn_blocking(move || {
        let heard = hidden.read_line(&mut Keyboard);
        shown.answered(heard.is_some());
        heard
    });
    match heard.await {
        Ok(Some(secret)) => wanted.give(secret),
        Ok(None) => wanted.give_none(),
        // Nobody could be heard.
        Err(_) => drop(wanted),
    }
}

/// The line that answers the question that stands, if one does; then what had to wait is printed.
async fn listen(screen: &Arc<Screen>, question: &str) -> Option<String> {
    let (shown, question) = (Arc::clone(screen), question.to_owned());
    let heard = tokio::task::spawn_blocking(move || {
        let heard = hear(&shown, &question);
        shown.answered(heard.is_some());
        heard
    });
    heard.await.ok().flatten()
}

/// The line below the question that stands, once there was quiet; nothing if nobody gave one.
fn hear(screen: &Screen, question: &str) -> Option<String> {
    let begun = Instant::now();
    let mut is_noisy = false;
    loop {
        match is_quiet() {
            // What came with the question answers nothing, half a line neither.
            Ok(true) if is_noisy => {
                screen.ask_again("(input that came with the question was ignored)", question);
                is_noisy = false;
            }
            Ok(true) => break,
            Ok(false) if begun.elapsed() < NOISE => is_noisy = true,
            Ok(false) => {
                screen.remark("(input never pauses: taken as no answer)");
                return None;
            }
            Err(_) => return None,
        }
        forget_typed();
    }
    forget_typed();
    read_line(&mut Keyboard)
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

/// Which of these was meant, by its number or its word.
fn meant(line: &str, meanings: &[Meaning]) -> Option<usize> {
    let is_it = |(at, meaning): (usize, &Meaning)| line == (at + 1).to_string() || line == meaning.noun;
    meanings.iter().enumerate().position(is_it)
}

/// One whole line, byte by byte, so that nothing behind its end is taken; nothing at the end of the input, of one that is cut
/// off, or after an error. In small letters, without the blanks around it; of a line that is too long nothing is kept.
fn read_line(input: &mut impl Read) -> Option<String> {
    let (mut line, mut is_short, mut byte) = (Vec::new(), true, [0]);
    loop {
        match input.read(&mut byte) {
            Ok(1) if byte == *b"\n" => break,
            Ok(1) if line.len() < MOST_BYTES => line.extend(byte),
            // The rest of the line belongs to it, and answers nothing else.
            Ok(1) => is_short = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return None,
        }
    }
    let line = if is_short { line } else { Vec::new() };
    Some(String::from_utf8_lossy(&line).trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use nixi_core::Risk;

    use super::*;

    fn says(line: &str) -> bool {
        read_line(&mut line.as_bytes()).is_some_and(|line| Risk::Routine.is_yes(&line))
    }

    #[test]
    fn only_a_whole_line_is_a_yes() {
        for yes in ["y\n", "Y\n", "yes\n", " yes \r\n"] {
            assert!(says(yes), "{yes:?}");
        }
        for no in ["", "\n", "y", "yes", "yep\n"] {
            assert!(!says(no), "{no:?}");
        }
        assert!(!says(&format!("{}y\n", " ".repeat(300))), "too long to have been meant");
    }

    #[test]
    fn one_line_answers_one_question() {
        let mut input = "no\nyes\n".as_bytes();
        assert_eq!(read_line(&mut input).as_deref(), Some("no"));
        assert_eq!(read_line(&mut input).as_deref(), Some("yes"));
    }

    #[test]
    fn the_rest_of_a_long_line_answers_nothing() {
        for long in [255, 256, 257, 300, 10_000] {
            let line = format!("{}y\nno\n", "x".repeat(long));
            let mut input = line.as_bytes();
            assert!(!Risk::Routine.is_yes(&read_line(&mut input).unwrap()), "{long}");
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
        assert_eq!(read_line(&mut Broken), None);
    }

    #[test]
    fn what_was_meant_is_said_by_number_or_word() {
        let meaning =
            |noun: &str| Meaning { noun: noun.to_owned(), command: format!("nixi call {noun}.stop") };
        let both = [meaning("container"), meaning("unit")];
        let said = |line: &str| meant(&read_line(&mut line.as_bytes()).unwrap(), &both);
        assert_eq!([said("1\n"), said(" Container \n")], [Some(0); 2]);
        assert_eq!([said("2\n"), said("unit\r\n")], [Some(1); 2]);
        for none in ["\n", "0\n", "3\n", "y\n", "12\n", "unit container\n"] {
            assert_eq!(said(none), None, "{none:?}");
        }
    }
}
