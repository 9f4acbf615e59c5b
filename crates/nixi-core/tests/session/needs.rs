//! What a mode will need of a machine that is adopted.

use nixi_core::recording::Recording;
use nixi_core::{ErrorKind, ExecError, Exit, Mode, Output};
use serde_json::json;

use crate::adopt;
use crate::bench::{Bench, CONFIG};

/// What the mode will need is looked at once; what is missing is told with its cure, and is no failure.
#[tokio::test]
async fn adopting_tells_what_the_mode_will_need() {
    use Mode::{Managed, Monitored};
    const HINT: &str = "Hint: You are currently not seeing messages from other users and the system.\n";
    let ended = |code: i32, stderr: &str| {
        Ok(Output { exit: Exit::Code(code), stdout: Vec::new(), stderr: stderr.into(), truncated: false })
    };
    let good = || {
        Recording::new()
            .answering("sudo -n -- systemd-run --version", "systemd 256\n")
            .answering("sudo -n -l -- podman ps", "/run/current-system/sw/bin/podman ps\n")
            .answering("journalctl '--lines=1' --no-pager", "-- No entries --\n")
    };
    let hidden = || good().ending("journalctl '--lines=1'", ended(0, HINT));
    let remark = "sudo: unable to resolve host web: Name or service not known\n";
    for (mode, node, expected) in [
        (Managed, good(), vec![]),
        (Managed, good().ending("sudo -n -- systemd-run", ended(0, remark)), vec![]),
        // There it is another way that changes are made.
        (
            Managed,
            good().ending("sudo -n -- systemd-run", ended(1, "sudo: systemd-run: command not found\n")),
            vec![],
        ),
        (
            Managed,
            good().ending("sudo", ended(1, "sudo: interactive authentication is required\n")),
            vec![(
                ErrorKind::SudoPassword,
                "sudo asks for a password: changes will fail until",
                "passwordless",
            )],
        ),
        (
            Managed,
            good().ending("sudo", ended(1, "sudo: sorry, you must have a tty to run sudo\n")),
            vec![(ErrorKind::Unfit, "changes will fail until", "requiretty")],
        ),
        (
            Managed,
            good().ending("sudo", ended(127, "bash: line 1: exec: sudo: not found\n")),
            vec![(ErrorKind::SudoPassword, "there is no sudo: changes will fail", "security.sudo.enable")],
        ),
        (Monitored, good(), vec![]),
        (Monitored, hidden().ending("sudo -n -- journalctl", ended(0, remark)), vec![]),
        (
            Monitored,
            hidden().ending("sudo", ended(1, "nixi is not in the sudoers file.\n")),
            vec![
                (ErrorKind::Permission, "does not see the whole journal of new", "systemd-journal"),
                (ErrorKind::Permission, "containers cannot be read until", "security.sudo.extraRules"),
            ],
        ),
        (
            Monitored,
            good().ending("sudo -n -l", ended(1, remark)),
            vec![(
                ErrorKind::Permission,
                "no rule for `podman ps`, or there is none",
                "`podman ps --syslog\\=false --all --no-trunc --format json` alone",
            )],
        ),
    ] {
        let bench = Bench::over(CONFIG, node);
        let consent = bench.approver.as_ref().unwrap().typed_consent();
        let outcome = bench.perform(consent.adopt(adopt("new", "192.0.2.3", mode))).await;
        assert_eq!((outcome.exit_code(), bench.asker.nodes().unwrap().len()), (0, 3), "{outcome:?}");
        let result = &outcome.results[0];
        let lacks = result.data.as_ref().unwrap()["lacks"].as_array().unwrap();
        assert_eq!(lacks.len(), expected.len(), "{lacks:?}");
        for (lack, (kind, message, hint)) in lacks.iter().zip(expected) {
            assert_eq!(lack["kind"], json!(kind), "{lack}");
            assert!(lack["message"].as_str().unwrap().contains(message), "{lack}");
            assert!(lack["hint"].as_str().unwrap().contains(hint), "{lack}");
            let said = format!("\nnotice: {}\nhint: ", lack["message"].as_str().unwrap());
            assert!(result.text.as_ref().unwrap().contains(&said), "{result:?}");
        }
        assert_eq!(bench.changes(), Vec::<String>::new());
    }
}

/// A look that fails is told, whichever it is; one reason that two of them have is told once.
#[tokio::test]
async fn a_look_that_fails_is_no_look_that_found_nothing() {
    let hung = || Err(ExecError::Deadline(std::time::Duration::from_secs(3)));
    let good = || {
        Recording::new()
            .answering("sudo -n -- systemd-run --version", "systemd 256\n")
            .answering("sudo -n -l -- podman ps", "/run/current-system/sw/bin/podman ps\n")
            .answering("journalctl '--lines=1' --no-pager", "-- No entries --\n")
    };
    for (mode, node) in [
        (Mode::Managed, good().ending("sudo -n -- systemd-run", hung())),
        (Mode::Monitored, good().ending("journalctl", hung())),
        (Mode::Monitored, good().ending("sudo -n -l", hung())),
        (Mode::Monitored, good().ending("sudo", hung()).ending("journalctl", hung())),
    ] {
        let bench = Bench::over(CONFIG, node);
        let consent = bench.approver.as_ref().unwrap().typed_consent();
        let outcome = bench.perform(consent.adopt(adopt("new", "192.0.2.3", mode))).await;
        let lacks = outcome.results[0].data.as_ref().unwrap()["lacks"].as_array().unwrap();
        let [lack] = lacks.as_slice() else { panic!("{lacks:?}") };
        assert_eq!(lack["kind"], json!(ErrorKind::Deadline), "{lack}");
        assert!(lack["message"].as_str().unwrap().starts_with("cannot see what new will need: "), "{lack}");
    }
}
