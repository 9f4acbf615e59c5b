//! What a container wrote, as `podman logs --timestamps` and `docker logs --timestamps` print it: its standard output
//! and error come apart and are put together again by their times.
//!
//! On the same standard error speak those who bring the log: podman or docker, sudo, a shell, a PAM module. A container's
//! line has a time before it and theirs have none, so the time tells them apart. They are kept as notices.

use nixi_core::said;
use nixi_core::text::{clean_line, fit};
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

/// What came of both streams.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// What the container wrote, each stream in its own order.
    pub(super) lines: Vec<OutputLine>,
    /// What others said beside it.
    pub(super) notices: Vec<String>,
}

/// The most notices that are kept; of more than these the number is told.
const NOTICES: usize = 20;

/// Both streams as one.
pub(super) fn merged(stdout: &str, stderr: &str) -> Result<Merged, String> {
    let (out, before) = timed(stdout, Stream::Stdout);
    let (err, beside) = timed(stderr, Stream::Stderr);
    // Where no line has a time, a standard output that is no known remark is something else than a log.
    if out.is_empty() && err.is_empty() && before.iter().any(|line| !said::is_remark(line)) {
        return Err("it does not begin with a time".to_owned());
    }
    let (mut out, mut err) = (out.into_iter().peekable(), err.into_iter().peekable());
    let mut merged = Merged { notices: notices(before.into_iter().chain(beside)), ..Merged::default() };
    loop {
        let next = match (out.peek(), err.peek()) {
            (Some(first), Some(second)) if second.at < first.at => err.next(),
            (Some(_), _) => out.next(),
            (None, _) => err.next(),
        };
        let Some(line) = next else { return Ok(merged) };
        merged.lines.push(OutputLine { time: line.at.rfc3339(), stream: line.stream, text: line.text });
    }
}

/// The lines with a time, and those of others. On standard output a line without a time goes on with the one before it:
/// some log drivers keep line breaks inside an entry, and others speak there before the log begins, if at all. On standard
/// error they speak at any moment.
fn timed(text: &str, stream: Stream) -> (Vec<Timed>, Vec<&str>) {
    let (mut lines, mut others): (Vec<Timed>, _) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (Instant::parse(word), lines.last_mut(), stream) {
            (Some(at), _, _) => lines.push(Timed { at, stream, text: colour::removed(rest) }),
            (None, Some(last), Stream::Stdout) => {
                last.text.push('\n');
                last.text.push_str(&colour::removed(line));
            }
            (None, None, Stream::Stdout) | (None, _, Stream::Stderr) => others.push(line),
        }
    }
    (lines, others)
}

fn notices<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines = lines.filter(|line| !line.trim().is_empty());
    let kept = lines.by_ref().take(NOTICES).map(|line| fit(clean_line(&colour::removed(line)).trim(), 300));
    let mut kept: Vec<String> = kept.collect();
    match lines.count() {
        0 => {}
        more => kept.push(format!("{more} more")),
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(merged: &Merged) -> Vec<(&str, Stream)> {
        merged.lines.iter().map(|line| (line.text.as_str(), line.stream)).collect()
    }

    #[test]
    fn streams_come_together_by_time() {
        let stdout = "2025-11-24T17:00:00.5+01:00 one\n2025-11-24T17:00:02+01:00 three\nmore\n";
        let stderr = "2025-11-24T16:00:01.000000001Z two\n";
        let merged = merged(stdout, stderr).unwrap();
        assert_eq!(
            texts(&merged),
            [("one", Stream::Stdout), ("two", Stream::Stderr), ("three\nmore", Stream::Stdout)]
        );
        assert_eq!(merged.lines[0].time, "2025-11-24T16:00:00Z");
        assert_eq!(merged.notices, [""; 0]);
    }

    /// What podman, docker, sudo, shells and PAM modules say while a log is read.
    const REMARKS: [&str; 8] = [
        "time=\"2026-01-01T10:00:00Z\" level=warning msg=\"Using cgroups-v1 which is deprecated in favor of cgroups-v2\"",
        "sudo: unable to resolve host web: Name or service not known",
        "bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)",
        "WARNING: Error loading config file: open config.json: permission denied",
        "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.",
        "sudo: a remark that comes late",
        "Your password will expire in 3 days.",
        "2026/01/01 10:00:00 a remark with a time of another form",
    ];

    #[test]
    fn a_remark_on_standard_error_is_never_a_line_of_the_container() {
        let stdout = "2026-01-01T10:00:01.500000000+00:00 hello\n";
        let worse = "2026-01-01T10:00:02.000000000+00:00 worse\n";
        for remark in REMARKS {
            let told = merged(stdout, &format!("{remark}\n")).unwrap();
            assert_eq!(
                (texts(&told), &told.notices[..]),
                (vec![("hello", Stream::Stdout)], &[remark.to_owned()][..])
            );
            // Nothing was written.
            let told = merged("", &format!("{remark}\n")).unwrap();
            assert_eq!((texts(&told), &told.notices[..]), (vec![], &[remark.to_owned()][..]));
            // Before, between and after the lines of the container.
            let told = merged(stdout, &format!("{remark}\n{worse}{remark}\n{worse}{remark}\n")).unwrap();
            let both = [("hello", Stream::Stdout), ("worse", Stream::Stderr), ("worse", Stream::Stderr)];
            assert_eq!((texts(&told), told.notices.len()), (both.to_vec(), 3), "{remark}");
            // On standard output, before the log begins.
            let told = merged(&format!("{remark}\n{stdout}"), worse).unwrap();
            assert_eq!((texts(&told).len(), told.notices), (2, vec![remark.to_owned()]));
        }
        for known in &REMARKS[..5] {
            let told = merged(&format!("{known}\n"), "").unwrap();
            assert_eq!((told.lines, told.notices), (vec![], vec![(*known).to_owned()]));
        }
    }

    #[test]
    fn many_remarks_are_counted() {
        let told = merged("", &"sudo: again\n\n".repeat(1_000)).unwrap();
        assert_eq!((told.notices.len(), told.notices[20].as_str()), (21, "980 more"));
    }

    #[test]
    fn nothing_is_nothing_and_garbage_is_garbage() {
        assert_eq!(merged("", "").unwrap(), Merged::default());
        assert!(merged("hello\n", "").is_err());
        assert!(merged("hello\n", "sudo: unable to resolve host web\n").is_err());
    }

    proptest! {
        #[test]
        fn no_line_is_lost(stdout in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n){0,9}", stderr in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n|[a-z]{1,9}\n){0,9}") {
            let merged = merged(&stdout, &stderr).unwrap();
            prop_assert_eq!(merged.lines.len() + merged.notices.len(), stdout.lines().count() + stderr.lines().count());
        }

        #[test]
        fn never_panics(stdout in "\\PC*|[0-9T:.Z+ \n-]*", stderr in "\\PC*") {
            let _ = merged(&stdout, &stderr);
        }
    }
}
