//! What a container wrote, and what may have been said beside it while its log was read.

use nixi_core::colour;
use nixi_core::text::{clean_line, fit};
use nixi_core::timed::{self, Stream};
use schemars::JsonSchema;
use serde::Serialize;

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

/// What came of both streams.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// What the container wrote, each stream in its own order.
    pub(crate) lines: Vec<OutputLine>,
    /// Lines without a time that are not kept there.
    pub(crate) notices: Vec<String>,
    /// How many of the last notices may be the container's, made to look like another's.
    pub(crate) late: usize,
}

/// The most notices that are kept; of more than these the number is told.
const NOTICES: usize = 20;

/// Both streams as one.
pub(crate) fn merged(stdout: &str, stderr: &str) -> Result<Merged, String> {
    let log = timed::by_time(stdout, stderr)?;
    let (before, late) = (notices(&log.before), notices(&log.late));
    let lines = log.lines.into_iter();
    let lines =
        lines.map(|line| OutputLine { time: line.at.rfc3339(), stream: line.stream, text: line.text });
    Ok(Merged { lines: lines.collect(), late: late.len(), notices: [before, late].concat() })
}

fn notices(lines: &[&str]) -> Vec<String> {
    let mut lines = lines.iter().filter(|line| !line.trim().is_empty());
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
            // Before the lines of the container.
            let told = merged(stdout, &format!("{remark}\n{worse}{worse}")).unwrap();
            let both = [("hello", Stream::Stdout), ("worse", Stream::Stderr), ("worse", Stream::Stderr)];
            assert_eq!((texts(&told), told.notices.len(), told.late), (both.to_vec(), 1, 0), "{remark}");
            // On standard output, before the log begins.
            let told = merged(&format!("{remark}\n{stdout}"), worse).unwrap();
            assert_eq!((texts(&told).len(), told.notices), (2, vec![remark.to_owned()]));
        }
        for known in &REMARKS[..6] {
            // Between and after them, on either stream.
            for late in [format!("{worse}{known}\n{worse}"), format!("{worse}{worse}{known}\n")] {
                for told in [merged(stdout, &late).unwrap(), merged(&late, stdout).unwrap()] {
                    let said: Vec<&str> = texts(&told).into_iter().map(|(text, _)| text).collect();
                    assert_eq!(said, ["hello", "worse", "worse"], "{known}");
                    assert_eq!((&told.notices[..], told.late), (&[(*known).to_owned()][..], 1));
                }
            }
        }
        for known in &REMARKS[..5] {
            let told = merged(&format!("{known}\n"), "").unwrap();
            assert_eq!((told.lines, told.notices), (vec![], vec![(*known).to_owned()]));
        }
    }

    /// A driver that keeps line breaks: traces of Java, Python, Go and Node, an empty line, prose with a name and a colon.
    const CONTINUED: [&str; 9] = [
        "\tat com.example.App.main(App.java:7)",
        "Caused by: java.io.IOException: no space",
        "  File \"/app/main.py\", line 3, in <module>",
        "goroutine 1 [running]:",
        "Error: listen EADDRINUSE",
        "",
        "podman: as a word",
        "Your password will expire in 3 days.",
        "2026/01/01 10:00:00 a time of another form",
    ];

    #[test]
    fn an_entry_of_several_lines_stays_whole_on_both_streams() {
        for line in CONTINUED {
            let text = format!("2026-01-01T10:00:01Z first\n{line}\nlast\n2026-01-01T10:00:02Z next\n");
            let whole = format!("first\n{line}\nlast");
            for (stdout, stderr) in [(text.as_str(), ""), ("", text.as_str())] {
                let told = merged(stdout, stderr).unwrap();
                let said: Vec<&str> = told.lines.iter().map(|line| line.text.as_str()).collect();
                assert_eq!((said, &told.notices[..]), (vec![whole.as_str(), "next"], &[][..]), "{line}");
            }
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
        fn no_line_is_lost(
            stdout in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n|[a-z]{1,9}\n){0,9}",
            stderr in "(2025-11-24T1[0-9]:00:00Z [a-z]{0,3}\n|[a-z]{1,9}\n|sudo: [a-z]{1,9}\n){0,9}",
        ) {
            if let Ok(merged) = merged(&stdout, &stderr) {
                let kept: usize = merged.lines.iter().map(|line| line.text.split('\n').count()).sum();
                prop_assert_eq!(kept + merged.notices.len(), stdout.lines().count() + stderr.lines().count());
                prop_assert!(merged.late <= merged.notices.len());
            }
        }

        #[test]
        fn never_panics(stdout in "\\PC*|[0-9T:.Z+ \n-]*", stderr in "\\PC*") {
            let _ = merged(&stdout, &stderr);
        }
    }
}
