//! The only place where words become a line for a shell.
//!
//! sshd hands one string to the login shell of the user (RFC 4254, section 6.5; sshd(8), "LOGIN PROCESS"), so a list
//! of words has to be quoted to arrive as the same list. The rules are those of the POSIX shell (IEEE Std 1003.1,
//! "Shell Command Language", 2.2.2): inside single quotes every byte stands for itself, but for the quote.

use std::borrow::Cow;

use crate::command::{Elevation, Program};

/// Where NixOS keeps programs that need the setuid bit: the only working `sudo`.
pub const WRAPPERS: &str = "/run/wrappers/bin";
/// Where NixOS keeps the programs of the running system; sudo rules name programs there.
pub const SYSTEM_PROFILE: &str = "/run/current-system/sw/bin";

/// A word that no shell line can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a word of the command holds a NUL byte, which no argument can carry")]
pub struct Unquotable;

/// The word as a POSIX shell reads it back, quoted only where it must be.
///
/// # Errors
/// [`Unquotable`] if the word holds a NUL byte.
pub fn word(word: &str) -> Result<Cow<'_, str>, Unquotable> {
    if word.contains('\0') {
        return Err(Unquotable);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return Ok(Cow::Borrowed(word));
    }
    Ok(Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))))
}

/// The words as one line that a POSIX shell splits back into the same words.
///
/// # Errors
/// [`Unquotable`] if a word holds a NUL byte.
pub fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String, Unquotable> {
    let mut line = String::new();
    for next in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word(next)?);
    }
    Ok(line)
}

/// The whole line that is sent to a node's login shell.
///
/// As on NixOS, setuid programs come from [`WRAPPERS`] and all others from [`SYSTEM_PROFILE`] before the user's own
/// `PATH`; with elevation the program itself is looked for in [`SYSTEM_PROFILE`] first, since that is the path which
/// sudo rules name. `exec` leaves no shell behind that could outlive or hide the command.
pub(crate) fn remote_line(
    program: Program,
    args: &[String],
    elevation: Elevation,
) -> Result<String, Unquotable> {
    let command = line(std::iter::once(program.as_str()).chain(args.iter().map(String::as_str)))?;
    // Assignments before `exec` cost no more than the program itself; exporting them first costs bash half a
    // millisecond, as does any locale that it has to load.
    Ok(match elevation {
        Elevation::LoginUser => {
            format!("PATH={WRAPPERS}:{SYSTEM_PROFILE}${{PATH:+:$PATH}} LC_ALL=C exec {command}")
        }
        Elevation::Root => format!(
            "s={WRAPPERS}/sudo; [ -x $s ] || s=sudo; \
             PATH={SYSTEM_PROFILE}${{PATH:+:$PATH}} LC_ALL=C exec $s -n -- {command}"
        ),
    })
}

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

    #[test]
    fn only_what_must_be_quoted_is() {
        assert_eq!(word("nginx.service").unwrap(), "nginx.service");
        assert_eq!(word("").unwrap(), "''");
        assert_eq!(word("a b").unwrap(), "'a b'");
        assert_eq!(word("it's").unwrap(), r"'it'\''s'");
        assert_eq!(word("$(reboot)").unwrap(), "'$(reboot)'");
        assert_eq!(word("~").unwrap(), "'~'");
        assert_eq!(word("A=b").unwrap(), "'A=b'");
        assert_eq!(word("a\0b"), Err(Unquotable));
    }

    /// A folder for each place where NixOS keeps programs, and one for the user's `PATH`; each program tells its folder
    /// and its arguments.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn with(programs: &[(&str, &str)]) -> Self {
            use std::os::unix::fs::PermissionsExt;
            let machine = Self(tempfile::tempdir().unwrap());
            for folder in ["wrappers", "system", "user"] {
                std::fs::create_dir(machine.0.path().join(folder)).unwrap();
            }
            for (folder, name) in programs {
                let path = machine.0.path().join(folder).join(name);
                let then = if *name == "sudo" { "shift 2; exec \"$@\"" } else { "printf why >&2; exit 7" };
                std::fs::write(&path, format!("#!/bin/sh\necho {folder}/{name} \"$@\"\n{then}\n")).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            machine
        }

        /// What the programs told, one after the other; both endings have to give the same.
        fn run(&self, shell: &str, elevation: Elevation) -> String {
            let folder = |name: &str| self.0.path().join(name).to_string_lossy().into_owned();
            let line = remote_line(Program::new("tool"), &["a b".to_owned()], elevation).unwrap();
            let line = line.replace(WRAPPERS, &folder("wrappers")).replace(SYSTEM_PROFILE, &folder("system"));
            let path = format!("{}:/usr/bin:/bin", folder("user"));
            let (code, stdout, stderr) = ran(shell, &line, &path);
            assert_eq!((code, stderr.as_slice()), (Some(7), &b"why"[..]), "{shell}: {line}");
            let witness = Witness::new(0xfeed);
            let (code, same, stderr) = ran(shell, &witness.line(&line), &path);
            assert_eq!((code, &same), (Some(7), &stdout), "{shell}: {line}");
            assert_eq!(witness.testimony(&stderr), Some((7, stderr.len() - 3)), "{shell}: {line}");
            String::from_utf8_lossy(&stdout).replace('\n', " > ").trim_end_matches(" > ").to_owned()
        }
    }

    /// The code, standard output and standard error of a line.
    #[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
    fn ran(shell: &str, line: &str, path: &str) -> (Option<i32>, Vec<u8>, Vec<u8>) {
        let output = std::process::Command::new(shell).args(["-c", line]).env("PATH", path).output().unwrap();
        (output.status.code(), output.stdout, output.stderr)
    }

    fn shells() -> impl Iterator<Item = &'static str> {
        let known = [
            "/bin/sh",
            "/bin/bash",
            "/bin/dash",
            "/usr/bin/zsh",
            "/usr/bin/mksh",
            "/usr/bin/ksh",
            "/bin/ash",
        ];
        known.into_iter().filter(|shell| std::path::Path::new(shell).exists())
    }

    /// Setuid programs are wrappers; sudo rules name the system's profile; elsewhere it is `PATH`.
    #[test]
    fn programs_are_found_as_nixos_lays_them_out() {
        let nixos = Machine::with(&[
            ("wrappers", "sudo"),
            ("system", "sudo"),
            ("user", "sudo"),
            ("wrappers", "tool"),
            ("system", "tool"),
            ("user", "tool"),
        ]);
        let plain = Machine::with(&[("user", "sudo"), ("user", "tool")]);
        let profile = Machine::with(&[("wrappers", "sudo"), ("system", "tool"), ("user", "tool")]);
        for shell in shells() {
            assert_eq!(nixos.run(shell, Elevation::Root), "wrappers/sudo -n -- tool a b > system/tool a b");
            assert_eq!(nixos.run(shell, Elevation::LoginUser), "wrappers/tool a b");
            assert_eq!(profile.run(shell, Elevation::LoginUser), "system/tool a b");
            assert_eq!(plain.run(shell, Elevation::Root), "user/sudo -n -- tool a b > user/tool a b");
            assert_eq!(plain.run(shell, Elevation::LoginUser), "user/tool a b");
        }
    }

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
