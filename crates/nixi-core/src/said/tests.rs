//! Sentences of each kind, and what must not be taken for one.

use super::*;
use crate::command::Program;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use proptest::prelude::*;

const PODMAN: Program = Program::new("podman");

fn output(code: i32, stderr: &str) -> Output {
    Output { exit: Exit::Code(code), stdout: Vec::new(), stderr: stderr.into(), truncated: false }
}

fn told(code: i32, stderr: &str) -> ErrorReport {
    ToolError::of_output("sudo -n -- podman ps", PODMAN, true, &output(code, stderr)).report()
}

#[test]
fn what_is_missing_is_told_by_its_name() {
    for missing in [
        (127, "bash: line 1: exec: podman: not found"),
        (127, "bash: line 1: podman: command not found"),
        (127, "sh: 1: exec: podman: not found"),
        (127, "zsh:1: command not found: podman"),
        (127, "mksh: podman: inaccessible or not found"),
        (127, "fish: Unknown command: podman"),
        (127, "env: \u{2018}podman\u{2019}: No such file or directory"),
        (127, "env: 'podman': No such file or directory"),
        (127, "env: can't execute 'podman': No such file or directory"),
        (127, "podman: not found"),
        (127, "podman: Command not found."),
        (127, "zsh:1: no such file or directory: /usr/bin/podman"),
        (127, "/bin/sh: line 3: podman: not found"),
        (127, "-bash: podman: command not found"),
        (127, "mksh: <stdin>[1]: podman: inaccessible or not found"),
        (127, "ksh: podman: not found [No such file or directory]"),
        (127, "fish: Unknown command 'podman'"),
        (127, "bash: line 1: /usr/bin/podman: cannot execute: required file not found"),
        (
            127,
            "bash: warning: setlocale: LC_ALL: cannot change locale (xx)\nbash: line 1: podman: command not found",
        ),
        (1, "sudo: podman: command not found"),
        (1, "sudo: 'podman': command not found"),
        (1, "sudo: unable to resolve host web: Name or service not known\nsudo: podman: command not found"),
        (1, "sudo: unable to execute /usr/bin/podman: No such file or directory"),
        (1, "sudo: cannot execute '/usr/bin/podman': No such file or directory (os error 2)"),
    ] {
        assert_eq!(told(missing.0, missing.1).kind, ErrorKind::ProgramMissing, "{missing:?}");
    }
    for (code, there) in [
        (127, "Error: crun: executable file `serve` not found in $PATH: No such file or directory"),
        (
            127,
            "podman: error while loading shared libraries: libgpgme.so.11: cannot open shared object file: No such file or directory",
        ),
        // The container's own program has the runtime's name.
        (
            127,
            "Error: crun: executable file `podman` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
        ),
        (
            127,
            "Error: runc: runc create failed: unable to start container process: exec: \"podman\": executable file not found in $PATH: OCI runtime attempted to invoke a command that was not found",
        ),
        (
            127,
            "Error response from daemon: OCI runtime create failed: exec: \"/usr/bin/podman\": stat /usr/bin/podman: no such file or directory: unknown",
        ),
        (127, "Error: cannot open 'podman': No such file or directory"),
        (127, "time=\"2026-01-01T10:00:00Z\" level=error msg=\"exec: podman: not found\""),
        // The loader's, of glibc and of musl, and that of NixOS.
        (
            127,
            "/usr/bin/podman: /lib/libc.so.6: version `GLIBC_2.34' not found (required by /usr/bin/podman)",
        ),
        (
            127,
            "Error loading shared library libgpgme.so.11: No such file or directory (needed by /usr/bin/podman)",
        ),
        (127, "Could not start dynamically linked executable: /usr/bin/podman"),
        // sudo speaks of something else.
        (1, "sudo: unable to open /etc/podman: No such file or directory"),
        (1, "Error: no such container: podman: not found"),
        (1, "sudo: unable to resolve host podman-1: Name or service not found\nError: broken"),
    ] {
        let report = told(code, there);
        assert_eq!(report.kind, ErrorKind::CommandFailed, "{there}");
        assert!(report.message.contains(there.lines().last().unwrap()), "{report}");
    }
    for sudo in [
        "sh: 1: exec: sudo: not found",
        "bash: line 1: exec: sudo: not found",
        "env: 'sudo': No such file or directory",
    ] {
        let report = told(127, sudo);
        assert_eq!(report.kind, ErrorKind::SudoPassword);
        assert!(report.message.contains("no `sudo`"), "{report}");
    }
    for forbidden in [
        "bash: line 1: /usr/bin/podman: Permission denied",
        "zsh:1: permission denied: podman",
        "sh: 1: exec: podman: Permission denied",
        "env: 'podman': Permission denied",
        "sh: can't execute 'podman': Permission denied",
        "mksh: podman: can't execute: Permission denied",
    ] {
        let report = told(126, forbidden);
        assert_eq!(report.kind, ErrorKind::Permission, "{report}");
    }
    for runs in [
        "Error: crun: open executable: Permission denied: OCI permission denied: `podman`",
        "Error: runc: exec: \"podman\": permission denied: OCI permission denied",
        "podman: error while loading shared libraries: libgpgme.so.11: Permission denied",
    ] {
        assert_eq!(told(126, runs).kind, ErrorKind::CommandFailed, "{runs}");
    }
}

/// The sentences of sudo 1.8 and 1.9, of sudo-rs 0.2.0 to 0.2.14, of doas and of run0.
#[test]
fn each_refusal_has_its_kind_and_a_hint_that_helps() {
    let password = (ErrorKind::SudoPassword, "passwordless");
    let rule = (ErrorKind::Permission, "sudoers");
    let terminal = (ErrorKind::Unfit, "requiretty");
    let account = (ErrorKind::Permission, "chage");
    let broken = (ErrorKind::Unfit, "visudo -c");
    for (words, (kind, hint)) in [
        ("sudo: interactive authentication is required", password),
        ("sudo: a password is required", password),
        ("sudo: sorry, a password is required to run sudo", password),
        ("sudo: no tty present and no askpass program specified", password),
        (
            "sudo: a terminal is required to read the password; either use ssh's -t option or configure an askpass helper\n\
             sudo: a password is required",
            password,
        ),
        ("sudo: A terminal is required to authenticate", password),
        ("sudo: Interaction is required", password),
        ("sudo: authentication failed: incorrect", password),
        ("sudo: Maximum 3 incorrect authentication attempts", password),
        ("sudo: 3 incorrect password attempts", password),
        ("doas: a tty is required", password),
        ("doas: Authentication required", password),
        ("Failed to start transient service unit: Interactive authentication required.", password),
        ("sudo: I'm sorry nixi. I'm afraid I can't do that", rule),
        ("sudo: authentication failed: I'm sorry nixi. I'm afraid I can't do that", rule),
        ("Sorry, user nixi is not allowed to execute '/usr/bin/podman ps' as root on web.", rule),
        ("sudo: Sorry, user nixi may not run podman on web.", rule),
        ("Sorry, user nixi may not run sudo on web.", rule),
        ("nixi is not in the sudoers file.", rule),
        ("nixi is not in the sudoers file.  This incident will be reported.", rule),
        ("nixi is not in the sudoers file.\nThis incident has been reported to the administrator.", rule),
        ("nixi is not allowed to run sudo on web.  This incident will be reported.", rule),
        ("sudo: Sorry, user nixi is not allowed to authenticate as root.", rule),
        ("doas: Operation not permitted", rule),
        ("sudo: sorry, you must have a tty to run sudo", terminal),
        ("sudo: account validation failure, is your account locked?\nsudo: a password is required", password),
        ("sudo: Account or password is expired, reset your password and try again", account),
        (
            "sudo: Account or password is expired, reset your password and try again\n\
             sudo: unable to change expired password: Authentication token manipulation error",
            account,
        ),
        ("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set", broken),
        ("sudo: sudo must be owned by uid 0 and have the setuid bit set", broken),
        (
            "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set or an NFS file system without root privileges?",
            broken,
        ),
        (
            "sudo: The \"no new privileges\" flag is set, which prevents sudo from running as root.\n\
             sudo: If sudo is running in a container, you may need to adjust the container configuration to disable the flag.",
            broken,
        ),
        (
            "sudo: /etc/sudoers is world writable\nsudo: no valid sudoers sources found, quitting\n\
             sudo: error initializing audit plugin sudoers_audit",
            broken,
        ),
    ] {
        let noisy = format!(
            "bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)\n\
             sudo: unable to resolve host web: Temporary failure in name resolution\n{words}\n"
        );
        for said in [words, &noisy] {
            let report = told(1, said);
            assert_eq!(report.kind, kind, "{said}: {report}");
            let advice = report.hint.unwrap();
            assert!(advice.contains(hint), "{said}: {advice}");
        }
    }
}

#[test]
fn words_prove_nothing_where_sudo_did_not_speak_last() {
    let refused = "sudo: a password is required";
    for (code, said) in [
        (1, "sudo: a password is required\nError: no such container"),
        (125, refused),
        (0, refused),
        (1, "Error: the container said: sudo: a password is required"),
        (1, "2026-01-01T10:00:00Z sudo: a password is required"),
        (1, "sudo: unable to resolve host web: Name or service not known"),
        (1, ""),
    ] {
        assert_eq!(refusal(&output(code, said)), None, "{said}");
        assert_eq!(told(code, said).kind, ErrorKind::CommandFailed, "{said}");
    }
    // Not elevated, sudo was not asked.
    let plain = ToolError::of_output("podman ps", PODMAN, false, &output(1, refused));
    assert_eq!(plain.kind(), ErrorKind::CommandFailed);
}

#[test]
fn the_reason_is_told_without_the_remarks_around_it() {
    let said = "WARNING: your password will expire in 3 days\nsudo: setrlimit(RLIMIT_CORE): Operation not permitted\n\
                Failed to parse timestamp: x\ntime=\"2026-01-01T10:00:00Z\" level=warning msg=\"cgroups-v1\"\n";
    assert_eq!(reason(said), "Failed to parse timestamp: x");
    let report = told(1, said);
    assert_eq!(report.message, "`sudo -n -- podman ps` failed (exit code 1): Failed to parse timestamp: x");
    assert_eq!(reason("sudo: unable to resolve host web\n"), "sudo: unable to resolve host web");
    // What sudo says in another language is shown, and where to look.
    let foreign = told(1, "sudo: Ein Passwort ist notwendig\n");
    assert_eq!(foreign.kind, ErrorKind::CommandFailed);
    assert!(foreign.message.contains("Ein Passwort") && foreign.hint.unwrap().contains("sudo -n true"));
}

#[test]
fn only_the_program_itself_tells_that_a_file_is_not_there() {
    let missing = |said: &str| has_no_file("sha256sum", said.as_bytes());
    assert!(missing("sha256sum: /srv/x: No such file or directory\n"));
    assert!(missing(
        "sudo: unable to resolve host web\n/usr/bin/sha256sum: /srv/x: No such file or directory\n"
    ));
    assert!(missing("sha256sum: can't open '/srv/x': No such file or directory"));
    for said in [
        "Could not chdir to home directory /home/nixi: No such file or directory\nsha256sum: /srv/x: Permission denied\n",
        "bash: /etc/profile.d/x.sh: No such file or directory\nsha256sum: /srv/x: Permission denied\n",
        "sudo: unable to stat /var/run/sudo: No such file or directory\nsha256sum: /srv/x: Is a directory\n",
    ] {
        assert!(!missing(said), "{said}");
    }
}

#[test]
fn a_node_that_says_much_is_read_in_part() {
    let much =
        format!("{}sudo: a password is required\n", "sudo: unable to resolve host web\n".repeat(250_000));
    assert_eq!(told(1, &much).kind, ErrorKind::SudoPassword);
    let long = format!("Sorry, user {} may not run sudo on web.", "é".repeat(20_000));
    let report = told(1, &long);
    assert_eq!(report.kind, ErrorKind::Permission);
    assert!(
        report.message.len() < 1_000 && report.message.contains("Sorry, user éé"),
        "{}",
        report.message.len()
    );
    assert!(reason(&"x\n".repeat(4_000_000)).len() <= SAID);
}

proptest! {
    #[test]
    fn never_panics_and_loses_no_reason(stderr in "\\PC{0,40}|(sudo: )?[a-z ]{0,40}\n{0,2}[a-zé '.:]{0,40}", code in 0..200) {
        let said = reason(&stderr);
        prop_assert!(said.lines().all(|line| stderr.contains(line.trim())));
        prop_assert_eq!(said.is_empty(), stderr.trim().is_empty());
        let _ = told(code, &stderr);
    }
}
