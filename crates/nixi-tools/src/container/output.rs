//! What a container wrote, as `podman logs --timestamps` and `docker logs --timestamps` print it: its standard output
//! and error come apart and are put together again by their times.

use schemars::JsonSchema;
use serde::Serialize;

use crate::colour;
use crate::instant::Instant;

/// Where a container wrote a line to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutputLine {
    /// When (RFC 3339, UTC).
    pub time: String,
    /// Where to.
    pub stream: Stream,
    /// The line.
    pub text: String,
}

struct Timed {
    at: Instant,
    stream: Stream,
    text: String,
}

/// Both streams as one, each in its own order.
pub(super) fn merged(stdout: &str, stderr: &str) -> Result<Vec<OutputLine>, String> {
    let mut out = timed(stdout, Stream::Stdout)?.into_iter().peekable();
    let mut err = timed(stderr, Stream::Stderr)?.into_iter().peekable();
    let mut lines = Vec::new();
    loop {
        let next = match (out.peek(), err.peek()) {
            (Some(first), Some(second)) if second.at < first.at => err.next(),
            (Some(_), _) => out.next(),
            (None, _) => err.next(),
        };
        let Some(line) = next else { return Ok(lines) };
        lines.push(OutputLine { time: line.at.rfc3339(), stream: line.stream, text: line.text });
    }
}

/// A line without a time goes on with the one before it: some log drivers keep line breaks inside an entry.
fn timed(text: &str, stream: Stream) -> Result<Vec<Timed>, String> {
    let mut lines: Vec<Timed> = Vec::new();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (Instant::parse(word), lines.last_mut()) {
            (Some(at), _) => lines.push(Timed { at, stream, text: colour::removed(rest) }),
            (None, Some(last)) => {
                last.text.push('\n');
                last.text.push_str(&colour::removed(line));
            }
            (None, None) => return Err("it does not begin with a time".to_owned()),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn streams_come_together_by_time() {
        let stdout = "2025-11-24T17:00:00.5+01:00 one\n2025-11-24T17:00:02+01:00 three\nmore\n";
        let stderr = "2025-11-24T16:00:01.000000001Z two\n";
        let lines = merged(stdout, stderr).unwrap();
        let shown: Vec<(&str, Stream)> = lines.iter().map(|line| (line.text.as_str(), line.stream)).collect();
        assert_eq!(
            shown,
            [("one", Stream::Stdout), ("two", Stream::Stderr), ("three\nmore", Stream::Stdout)]
        );
        assert_eq!(lines[0].time, "2025-11-24T16:00:00Z");
    }

    #[test]
    fn nothing_is_nothing_and_garbage_is_garbage() {
        assert_eq!(merged("", "").unwrap(), []);
        assert!(merged("hello\n", "").is_err());
    }

    proptest! {
        #[test]
        fn no_line_is_lost(stdout in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n){0,9}", stderr in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n){0,9}") {
            prop_assert_eq!(merged(&stdout, &stderr).unwrap().len(), stdout.lines().count() + stderr.lines().count());
        }

        #[test]
        fn never_panics(stdout in "\\PC*|[0-9T:.Z+ \n-]*", stderr in "\\PC*") {
            let _ = merged(&stdout, &stderr);
        }
    }
}
