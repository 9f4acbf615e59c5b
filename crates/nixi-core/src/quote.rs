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
                let then = if *name == "sudo" { "shift 2; exec \"$@\"" } else { ":" };
                std::fs::write(&path, format!("#!/bin/sh\necho {folder}/{name} \"$@\"\n{then}\n")).unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            machine
        }

        #[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
        fn run(&self, shell: &str, elevation: Elevation) -> String {
            let folder = |name: &str| self.0.path().join(name).to_string_lossy().into_owned();
            let line = remote_line(Program::new("tool"), &["a b".to_owned()], elevation).unwrap();
            let line = line.replace(WRAPPERS, &folder("wrappers")).replace(SYSTEM_PROFILE, &folder("system"));
            let path = format!("{}:/usr/bin:/bin", folder("user"));
            let output =
                std::process::Command::new(shell).args(["-c", &line]).env("PATH", path).output().unwrap();
            String::from_utf8_lossy(&output.stdout).replace('\n', " > ").trim_end_matches(" > ").to_owned()
        }
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
        for shell in ["/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/mksh"]
            .into_iter()
            .filter(|s| std::path::Path::new(s).exists())
        {
            assert_eq!(nixos.run(shell, Elevation::Root), "wrappers/sudo -n -- tool a b > system/tool a b");
            assert_eq!(nixos.run(shell, Elevation::LoginUser), "wrappers/tool a b");
            assert_eq!(profile.run(shell, Elevation::LoginUser), "system/tool a b");
            assert_eq!(plain.run(shell, Elevation::Root), "user/sudo -n -- tool a b > user/tool a b");
            assert_eq!(plain.run(shell, Elevation::LoginUser), "user/tool a b");
        }
    }
}
