//! Whether a command ended, and how.

/// Makes the login shell tell how a command ended, on its own standard error.
///
/// SSH has a message for that, but not every end of a channel brings it (sshd's `ChannelTimeout`, an administrator, a
/// server that is not OpenSSH), and libssh2 tells one that never came as exit code 0. So whoever has to be sure sends
/// a witnessed line: only the shell that saw the command end can finish it.
///
/// A line that is *not* witnessed may have been cut short in the middle, and then reads as a short answer of a command
/// that worked; a reader of JSON notices, a reader of lines cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness(String);

impl Witness {
    /// The most bytes by which a witnessed line is longer than the line itself, and the most that a testimony takes.
    pub const LONGEST: usize = 128;

    /// A witness; the number is of one command alone, so that no output can pass for the testimony.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    /// The line with its witness. A subshell runs it, so its `exec` is still what becomes of that; whatever options
    /// the start-up files of the shell set, a failure ends nothing but the subshell.
    #[must_use]
    pub fn line(&self, line: &str) -> String {
        format!("s=0; ({line}) || s=$?; printf '\\n%s %d\\n' {} $s >&2; exit $s", self.0)
    }

    /// The exit code that stands at the very end of a standard error, and how many bytes of it are the testimony.
    /// A command that was killed by signal n has the code 128+n here.
    #[must_use]
    pub fn testimony(&self, stderr: &[u8]) -> Option<(i32, usize)> {
        let said = stderr.strip_suffix(b"\n")?;
        let digits = said.rsplit(|byte| !byte.is_ascii_digit()).next()?;
        let own = said.strip_suffix(digits)?.strip_suffix(b" ")?.strip_suffix(self.0.as_bytes())?;
        let before = own.strip_suffix(b"\n")?;
        let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some((code, stderr.len() - before.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::{ran, shells};

    /// Every way to end is told, whatever the start-up files set the shell to; a shell that did not see the end tells nothing.
    #[test]
    fn a_witness_tells_what_it_saw_and_nothing_else() {
        let witness = Witness::new(7);
        let told = |shell: &str, line: &str| {
            let (_, stdout, stderr) =
                ran(shell, &format!("set -eu; {}", witness.line(line)), "/usr/bin:/bin");
            let length = stderr.len();
            let told = witness.testimony(&stderr).map(|(code, own)| (code, stderr[..length - own].to_vec()));
            (String::from_utf8(stdout).unwrap(), told)
        };
        for shell in shells() {
            let here = |code: i32, stderr: &[u8]| Some((code, stderr.to_vec()));
            assert_eq!(
                told(shell, "echo out; printf '\nerr\n\n' >&2"),
                ("out\n".into(), here(0, b"\nerr\n\n"))
            );
            assert_eq!(told(shell, "exec sh -c 'exit 3'"), (String::new(), here(3, b"")), "{shell}");
            assert_eq!(told(shell, "exec sh -c 'kill -9 $$'").1.unwrap().0, 137, "{shell}");
            assert_eq!(told(shell, "exec no-such-program").1.unwrap().0, 127, "{shell}");
            assert_eq!(told(shell, "exec 2>&-; exit 4").1, here(4, b""), "{shell}");
            assert_eq!(told(shell, "kill -9 $$").1, None, "{shell}");
        }
        let number = "00000000000000000000000000000007";
        let testimony = |text: String| witness.testimony(text.as_bytes());
        assert_eq!(testimony(format!("x\n{number} 12\n")), Some((12, 37)));
        for none in [
            format!("{number} 1\n"),
            format!("\n{number} 1"),
            format!("\n{number} \n"),
            format!("\n{number} -1\n"),
            format!("\n{number} 99999999999\n"),
            format!("\n{number} 1\nx"),
            format!("\n{number} 1\n\n"),
            format!("\n{} 1\n", number.replace('7', "8")),
        ] {
            assert_eq!(testimony(none.clone()), None, "{none:?}");
        }
        assert!(witness.line("").len() + 4 <= Witness::LONGEST);
    }
}
