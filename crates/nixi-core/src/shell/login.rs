//! The line that a login shell gets.

use super::frames::Frames;
use super::quote::{Unquotable, line};
use super::stop::Mark;
use crate::command::{Elevation, Program};
use crate::environment::{PASSED, SET};

/// Where NixOS keeps programs that need the setuid bit: the only working `sudo`.
pub const WRAPPERS: &str = "/run/wrappers/bin";
/// Where NixOS keeps the programs of the running system; sudo rules name programs there.
pub const SYSTEM_PROFILE: &str = "/run/current-system/sw/bin";

/// Where the standard error of a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// To a stream of its own.
    Apart,
    /// To the same stream as its standard output, so that both come in the order in which they were written.
    Together,
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
    streams: Streams,
) -> Result<String, Unquotable> {
    let line = bare_line(program, args, elevation, mark)?;
    // The line ends with the `exec` of the command, so that the redirection is the command's alone.
    let line = match streams {
        Streams::Apart => line,
        Streams::Together => format!("{line} 2>&1"),
    };
    Ok(match elevation {
        Elevation::LoginUser => line,
        Elevation::Root => format!("{}; {line}", mark.announced()),
    })
}

/// A line of several commands, which [`Frames`] tell apart. All of them lead one process group, which is announced once if
/// the mark alone does not find them all.
pub(crate) fn gathered_line(lines: &[String], elevation: Elevation, mark: &Mark, frames: &Frames) -> String {
    let line = frames.line(lines.iter().map(String::as_str));
    match elevation {
        Elevation::LoginUser => line,
        Elevation::Root => format!("{}; {line}", mark.announced()),
    }
}

/// One command as a shell runs it to its end, unannounced.
pub(crate) fn bare_line(
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
            format!("{}; {become_root}", find_sudo())
        }
    })
}

/// The command as the shell's last one, found in these folders first, with nothing in its environment but what is
/// listed. `env` costs one more program to be loaded, and no process.
pub(super) fn in_chosen_environment(folders: &str, command: &str) -> String {
    let passed = PASSED.map(|name| format!("${{{name}+\"{name}=${name}\"}}")).join(" ");
    let set = SET.map(|(name, value)| format!("{name}={value}")).join(" ");
    // Assignments before `exec` cost no more than the program itself; exporting them first costs bash half a
    // millisecond, as does any locale that it has to load.
    format!("p={folders}${{PATH:+:$PATH}}; PATH=$p LC_ALL=C exec env -i \"PATH=$p\" {passed} {set} {command}")
}

pub(super) fn find_sudo() -> String {
    format!("s={WRAPPERS}/sudo; [ -x $s ] || s=sudo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Witness;
    use crate::shell::tests::{ran, shells};

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
            let line =
                remote_line(Program::new("tool"), &["a b".to_owned()], elevation, &mark, Streams::Apart)
                    .unwrap();
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
        let print =
            |elevation| remote_line(Program::new("env"), &[], elevation, &mark, Streams::Apart).unwrap();
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
}
