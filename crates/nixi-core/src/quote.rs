//! The only place where words become a line for a shell.
//!
//! sshd hands one string to the login shell of the user (RFC 4254, section 6.5; sshd(8), "LOGIN PROCESS"), so a list
//! of words has to be quoted to arrive as the same list. The rules are those of the POSIX shell (IEEE Std 1003.1,
//! "Shell Command Language", 2.2.2): inside single quotes every byte stands for itself, but for the quote.

use std::borrow::Cow;

use crate::command::{Elevation, Program};
use crate::environment::{MARK, PASSED, SET};

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
/// sudo rules name. `exec` leaves no shell behind that could outlive or hide the command. Of the environment that sshd,
/// the start-up files and PAM made, it gets what [`crate::environment`] lists.
pub(crate) fn remote_line(
    program: Program,
    args: &[String],
    elevation: Elevation,
    mark: &Mark,
) -> Result<String, Unquotable> {
    let command = line(std::iter::once(program.as_str()).chain(args.iter().map(String::as_str)))?;
    Ok(match elevation {
        Elevation::LoginUser => {
            let folders = format!("{WRAPPERS}:{SYSTEM_PROFILE}");
            in_chosen_environment(&folders, &format!("{} {command}", mark.variable()))
        }
        Elevation::Root => {
            let become_root = in_chosen_environment(SYSTEM_PROFILE, &format!("\"$s\" -n -- {command}"));
            format!("{}; {}; {become_root}", mark.announced(), find_sudo())
        }
    })
}

/// The command as the shell's last one, found in these folders first, with nothing in its environment but what is
/// listed. `env` costs one more program to be loaded, and no process.
fn in_chosen_environment(folders: &str, command: &str) -> String {
    let passed = PASSED.map(|name| format!("${{{name}+\"{name}=${name}\"}}")).join(" ");
    let set = SET.map(|(name, value)| format!("{name}={value}")).join(" ");
    // Assignments before `exec` cost no more than the program itself; exporting them first costs bash half a
    // millisecond, as does any locale that it has to load.
    format!("p={folders}${{PATH:+:$PATH}}; PATH=$p LC_ALL=C exec env -i \"PATH=$p\" {passed} {set} {command}")
}

fn find_sudo() -> String {
    format!("s={WRAPPERS}/sudo; [ -x $s ] || s=sudo")
}

/// By what a command that runs on a node is found again, to be stopped: closing its channel alone leaves it running.
///
/// A command of the login user carries the mark in its environment, which costs nothing. sudo hides its environment
/// from the user, so the shell that becomes sudo says first, on standard error, which process group it leads (sshd
/// makes each of its commands a session of its own).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// A mark; the number is of one command alone.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }

    fn variable(&self) -> String {
        format!("{MARK}={}", self.0)
    }

    fn announced(&self) -> String {
        format!("printf '%s %d\\n' {} $$ >&2", self.0)
    }

    /// The process group that an elevated command said it leads, and where in this standard error it said so.
    #[must_use]
    pub fn announcement(&self, stderr: &[u8]) -> Option<(u32, std::ops::Range<usize>)> {
        let start = stderr.windows(self.0.len()).position(|word| word == self.0.as_bytes())?;
        let said = stderr.get(start + self.0.len()..)?.strip_prefix(b" ")?;
        let digits = said.iter().position(|byte| *byte == b'\n')?;
        let group = std::str::from_utf8(said.get(..digits)?).ok()?.parse().ok()?;
        (group > 1).then_some((group, start..start + self.0.len() + digits + 2))
    }

    /// The line that stops a command of the login user: politely, and after two seconds by force. One that has not
    /// come so far that it can be found is looked for a little longer. The mark can be read by every user of the node, so
    /// that processes of others do not count.
    #[must_use]
    pub fn stop(&self) -> String {
        let (mark, kill) = (self.variable(), stop_group("kill", "$g"));
        script(&format!(
            "n=0; while [ $n -lt 10 ]; do f=0; \
             for e in $(grep -lsxz {mark} /proc/[0-9]*/environ); do e=${{e%/environ}}; [ -O $e ] || continue; \
             g=$(ps -o pgid= -p ${{e#/proc/}}); g=$((g)); \
             if [ $g -gt 1 ]; then f=1; {kill} fi; done; \
             [ $f = 1 ] && break; n=$((n+1)); sleep 0.1; done"
        ))
    }
}

/// The line that stops the process group of an elevated command, as [`Mark::stop`] does. It needs a sudo rule for
/// `kill`.
#[must_use]
pub fn stop_elevated(group: u32) -> String {
    script(&format!("{}; {}", find_sudo(), stop_group("$s -n -- kill", &group.to_string())))
}

/// A script of ours, none of which holds a single quote, in the environment that commands get.
fn script(text: &str) -> String {
    in_chosen_environment(SYSTEM_PROFILE, &format!("sh -c '{text}'"))
}

fn stop_group(kill: &str, group: &str) -> String {
    format!(
        "{kill} -s TERM -- -{group}; {{ sleep 2; {kill} -s KILL -- -{group}; }} </dev/null >/dev/null 2>&1 &"
    )
}

/// What a unit runs before its command, to write down that it begins: into `here`, which must not be there yet, and into
/// `kept`, if the disk takes it. Records in these folders that are older than 30 days go.
pub(crate) fn begin_record(here: &str, kept: &str, folders: [&str; 2]) -> String {
    let (folders, keep) = (folders.join(" "), keep_record(here, kept));
    in_unit(&format!(
        "mkdir -p {folders} || true && find {folders} -type f -mtime +30 -delete || true && \
         set -C && echo begun >{here} && {keep}"
    ))
}

/// What a unit runs after its command, whatever ended it, to write down how it ended.
pub(crate) fn end_record(here: &str, kept: &str) -> String {
    let keep = keep_record(here, kept);
    // The last may be ended for taking too long: then all is written, and only output may be missing.
    in_unit(&format!(
        "env | grep -e ^SERVICE_RESULT= -e ^EXIT_ >>{here} && echo ended >>{here} && {keep} && journalctl --sync"
    ))
}

fn keep_record(here: &str, kept: &str) -> String {
    format!("(cp {here} {kept} && sync {kept} || true)")
}

/// A script as a line of a unit (systemd.service(5), "COMMAND LINES"). It is one of the two above, made of plain words: a
/// quote, a backslash, `$` or `%` in it would be read by systemd, and after a daemon-reload systemd 252 reads `$` and
/// `;` wrongly in its own notes of the unit.
fn in_unit(script: &str) -> String {
    format!("/bin/sh -c \"{script}\"")
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
            let mark = Mark::new(0xab);
            let line = remote_line(Program::new("tool"), &["a b".to_owned()], elevation, &mark).unwrap();
            let line = line.replace(WRAPPERS, &folder("wrappers")).replace(SYSTEM_PROFILE, &folder("system"));
            let path = format!("{}:/usr/bin:/bin", folder("user"));
            let (code, stdout, mut stderr) = ran(shell, &line, &path);
            if let Some((_, own)) = mark.announcement(&stderr) {
                stderr.drain(own);
            }
            assert_eq!((code, stderr.as_slice()), (Some(7), &b"why"[..]), "{shell}: {line}");
            let witness = Witness::new(0xfeed);
            let (code, same, stderr) = ran(shell, &witness.line(&line), &path);
            assert_eq!((code, &same), (Some(7), &stdout), "{shell}: {line}");
            let (_, own) = witness.testimony(&stderr).unwrap();
            assert!(stderr[..stderr.len() - own].ends_with(b"why"), "{shell}: {line}");
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

    /// Whatever sshd, PAM and the start-up files have set.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
    fn a_command_gets_the_environment_that_is_listed_and_nothing_else() {
        let mark = Mark::new(0xab);
        let print = |elevation| remote_line(Program::new("env"), &[], elevation, &mark).unwrap();
        let line = print(Elevation::LoginUser);
        let machine = Machine::with(&[("user", "sudo")]);
        let user = machine.0.path().join("user");
        let elevated = print(Elevation::Root).replace(WRAPPERS, &user.to_string_lossy());
        for shell in shells() {
            let ask = |line: &str, home: &str| {
                let mut child = std::process::Command::new(shell);
                child.args(["-c", line]).env_clear().env("PATH", "/usr/bin:/bin").env("LOGNAME", "ann b");
                for name in [
                    "TZ",
                    "DOCKER_HOST",
                    "DOCKER_CONTEXT",
                    "CONTAINER_HOST",
                    "LD_LIBRARY_PATH",
                    "POSIXLY_CORRECT",
                    "p",
                    "s",
                ] {
                    child.env(name, "/x");
                }
                child.envs((!home.is_empty()).then_some(("HOME", home)));
                let said = String::from_utf8(child.output().unwrap().stdout).unwrap();
                // zsh finds out by itself what is not set.
                let own = |line: &&str| home.is_empty() && line.starts_with("HOME=");
                let mut lines: Vec<String> =
                    said.lines().filter(|line| !own(line)).map(str::to_owned).collect();
                lines.sort_unstable();
                lines
            };
            let rest = ["LC_ALL=C", "LOGNAME=ann b"];
            let path = |folders: &str| format!("PATH={folders}:/usr/bin:/bin");
            let of_user = path(&format!("{WRAPPERS}:{SYSTEM_PROFILE}"));
            let marked = format!("NIXI_MARK={:032x}", 0xab);
            let home = "/home/ann b";
            let expected = ["HOME=/home/ann b", rest[0], rest[1], &marked, &of_user];
            assert_eq!(ask(&line, home), expected, "{shell}");
            let expected = [rest[0], rest[1], &marked, &of_user];
            assert_eq!(ask(&line, ""), expected, "{shell}");
            // sudo adds its own; what it gets is this. The first line is of the stand-in.
            let expected = [rest[0], rest[1], &path(SYSTEM_PROFILE), "user/sudo -n -- env"];
            let said = ask(&elevated, "");
            let said: Vec<&str> =
                said.iter().map(String::as_str).filter(|line| !line.starts_with("PWD=")).collect();
            assert_eq!(said, expected, "{shell}");
        }
    }

    /// What was started is stopped, with all that it started, and nothing else.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the login shell of the test is a real one")]
    fn what_is_marked_is_stopped_and_nothing_else() {
        use std::os::unix::process::{CommandExt, ExitStatusExt};
        let start = |shell: &str, mark: &Mark, script: &str| {
            let args = ["-c".to_owned(), script.to_owned()];
            let line = remote_line(Program::new("sh"), &args, Elevation::LoginUser, mark).unwrap();
            let mut child = std::process::Command::new(shell);
            child.args(["-c", &line]).env("PATH", "/usr/bin:/bin").process_group(0).spawn().unwrap()
        };
        let here = u128::from(std::process::id()) << 8;
        for (at, shell) in (0..).zip(shells()) {
            let [mark, other] = [1, 2].map(|n| Mark::new(here + 2 * at + n + 0xff00));
            let mut kept = start(shell, &other, "sleep 60 & wait");
            let mut stopped = start(shell, &mark, "sleep 60 & wait");
            let (_, _, said) = ran(shell, &mark.stop(), "/usr/bin:/bin");
            assert_eq!(
                stopped.wait().unwrap().signal(),
                Some(15),
                "{shell}: {}",
                String::from_utf8_lossy(&said)
            );
            assert_eq!(kept.try_wait().unwrap(), None, "{shell}");
            // One that does not listen to the polite word.
            let mut deaf = start(shell, &mark, "trap '' TERM; sleep 60; sleep 60");
            std::thread::sleep(std::time::Duration::from_millis(200));
            ran(shell, &mark.stop(), "/usr/bin:/bin");
            assert_eq!(deaf.wait().unwrap().signal(), Some(9), "{shell}");
            ran(shell, &other.stop(), "/usr/bin:/bin");
            kept.wait().unwrap();
        }
    }

    #[test]
    fn an_announcement_is_found_behind_noise() {
        let mark = Mark::new(0xab);
        let said = |group: &str| format!("noise\n{:032x} {group}\nerror", 0xab);
        let (group, own) = mark.announcement(said("4711").as_bytes()).unwrap();
        assert_eq!((group, &said("4711")[own]), (4711, &*format!("{:032x} 4711\n", 0xab)));
        for none in ["", "1", "0", "-5", "x", "99999999999"] {
            assert_eq!(mark.announcement(said(none).as_bytes()), None, "{none}");
        }
        assert_eq!(mark.announcement(format!("{:032x} 47", 0xab).as_bytes()), None);
        assert!(stop_elevated(4711).contains("$s -n -- kill -s TERM -- -4711; "));
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
