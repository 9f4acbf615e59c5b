//! What a container wrote, as `podman logs --timestamps` and `docker logs --timestamps` print it: its standard output
//! and error come apart and are put together again by their times.
//!
//! Beside it speak those who bring the log: podman or docker, sudo, a shell, a PAM module. A container's line has a time
//! before it and theirs have none. What has none and comes before the log begins is theirs. After that it may as well be
//! the next line of an entry, since some log drivers keep line breaks: it goes on with the entry unless it has the form in
//! which they speak, which a container can borrow. So nobody is named as the one who said it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::colour;
use crate::instant::Instant;
use crate::said;

/// Where a container wrote a line to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// When it was written.
    pub at: Instant,
    /// Where to.
    pub stream: Stream,
    /// The line, without its time and colours.
    pub text: String,
}

/// Both streams as one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log<'a> {
    /// What the container wrote, each stream in its own order.
    pub lines: Vec<Timed>,
    /// Said before the log began.
    pub before: Vec<&'a str>,
    /// Said after that, in the form of those who bring the log.
    pub late: Vec<&'a str>,
}

/// Puts both streams together.
///
/// # Errors
/// If it is something else than a log.
pub fn by_time<'a>(stdout: &'a str, stderr: &'a str) -> Result<Log<'a>, String> {
    let (out, err) = (timed(stdout, Stream::Stdout), timed(stderr, Stream::Stderr));
    // Where no line has a time, a standard output that is no known remark is something else than a log.
    let is_empty = out.lines.is_empty() && err.lines.is_empty();
    if is_empty && out.before.iter().any(|line| !said::is_remark(line)) {
        return Err("it does not begin with a time".to_owned());
    }
    let before = [out.before, err.before].concat();
    let mut log = Log { lines: Vec::new(), before, late: [out.late, err.late].concat() };
    let (mut out, mut err) = (out.lines.into_iter().peekable(), err.lines.into_iter().peekable());
    loop {
        let next = match (out.peek(), err.peek()) {
            (Some(first), Some(second)) if second.at < first.at => err.next(),
            (Some(_), _) => out.next(),
            (None, _) => err.next(),
        };
        let Some(line) = next else { return Ok(log) };
        log.lines.push(line);
    }
}

fn timed(text: &str, stream: Stream) -> Log<'_> {
    let mut told = Log::default();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (Instant::parse(word), told.lines.last_mut()) {
            (Some(at), _) => told.lines.push(Timed { at, stream, text: colour::removed(rest) }),
            (None, None) => told.before.push(line),
            (None, Some(_)) if said::is_beside(line) => told.late.push(line),
            (None, Some(last)) => {
                last.text.push('\n');
                last.text.push_str(&colour::removed(line));
            }
        }
    }
    told
}
