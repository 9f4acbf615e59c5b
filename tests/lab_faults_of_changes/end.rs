//! The change itself ends in some other way than well, or something gets at its unit.

use nixi::core::{ErrorKind, StepStatus};

use crate::trial::{GO, Trial, WAITS, script, words};
use crate::{assert_done, told};

/// What is left of changes that have ended: units, processes, and records that can be written by others than root.
const LEFT: &str =
    "systemctl list-units --all --plain --no-legend 'nixi-*'; systemctl --failed --plain --no-legend
    find /run/nixi /var/lib/nixi ! -user root -o -perm /022; pgrep --full 'until tes[t] -e' || true";

#[tokio::test]
async fn it_fails_or_is_killed() {
    let trial = Trial::new();
    let failed = trial.run(script("echo why >&2 && exit 7")).await;
    let (status, kind, message) = told(&failed);
    assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::CommandFailed));
    assert_eq!(message, "`env bash -c 'echo why >&2 && exit 7'` failed (exit code 7): why");

    let killed = trial
        .while_it_runs(|web, _| {
            web.root("kill -9 $(pgrep --full '^bash -c echo at work')").unwrap();
        })
        .await;
    let (status, kind, message) = told(&killed);
    assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::CommandFailed), "{message}");
    assert!(message.ends_with("failed (killed by SIGKILL): at work"), "{message}");
    trial.assert_ran_once().await;
    assert_eq!(trial.web().root(LEFT).unwrap(), "");
}

#[tokio::test]
async fn a_person_interrupts_it() {
    let trial = Trial::new();
    let result = trial.while_it_runs(|_, cancel| cancel.cancel()).await;
    let (status, kind, message) = told(&result);
    // On a busy machine, its end may come later than a person waits for it.
    assert!([StepStatus::Failed, StepStatus::Unknown].contains(&status), "{result:?}");
    assert_eq!(kind, ErrorKind::Cancelled, "{message}");
    let told_to_stop =
        message.contains("was stopped (killed by SIGTERM)") || message.contains("was told to stop");
    assert!(told_to_stop, "{message}");
    let web = trial.web();
    web.wait_until("end it", || Ok(web.try_root(LEFT)?.stdout.is_empty())).unwrap();
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn it_takes_longer_than_it_is_waited_for() {
    let trial = Trial::new();
    let result = trial.run(script(WAITS).with("seconds", 1)).await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Deadline), "{message}");
    // The hint works as it stands.
    let web = trial.web();
    let hint = |begins: &str| message.split('`').find(|words| words.starts_with(begins)).unwrap();
    let running = web.root(hint("systemctl status")).unwrap();
    assert!(running.contains("Active: active (running)"), "{running}");
    web.root(hint("systemctl stop")).unwrap();
    web.wait_until("end it", || Ok(web.try_root(LEFT)?.stdout.is_empty())).unwrap();
    trial.assert_ran_once().await;
}

/// As an activation of NixOS does to all units.
#[tokio::test]
async fn systemd_reads_its_units_again_and_forgets_failures() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            web.root("systemctl daemon-reload; systemctl daemon-reexec; systemctl reset-failed").unwrap();
            web.root(GO).unwrap();
        })
        .await;
    assert_done(&result);
    trial.assert_ran_once().await;
}

/// systemd has words of its own for some of them.
#[tokio::test]
async fn its_words_arrive_as_they_were() {
    let all = [
        "%h %%",
        "it's",
        "\"two\" words",
        r"back\slash \n",
        "",
        "two\nlines",
        "é",
        "`id` | & > *",
        "-x",
        "@y",
        "!z",
        ":",
    ];
    let trial = Trial::new();
    let result = trial.run(words(&[&["printf", r"<%s>\n"], &all[..]].concat())).await;
    let expected: Vec<String> = all.iter().map(|word| format!("<{word}>")).collect();
    assert_eq!(result.steps[0].output.as_deref(), Some(expected.join("\n").as_str()), "{result:?}");
}

#[tokio::test]
async fn it_says_ten_thousand_lines() {
    let trial = Trial::new();
    let result = trial.run(script("seq 10000 && echo at work && echo finished")).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    let output = result.steps[0].output.as_deref().unwrap();
    assert!(output.ends_with("\n9999\n10000\nat work\nfinished"), "{output}");
    assert!(output.lines().count() <= 21, "{output}");
}

/// systemctl is gone before journald looks who it was.
#[tokio::test]
async fn the_journal_is_late() {
    let trial = Trial::new();
    let late = "journald=$(systemctl show --property=MainPID --value systemd-journald)
        kill -STOP $journald && (sleep 2; kill -CONT $journald) >/dev/null 2>&1 &";
    let start = words(&["systemctl", "start", "no-such.service"]);
    let (failed, _) = trial.run_after(start, |web| web.root(late).unwrap()).await;
    let (_, _, message) = told(&failed);
    assert_eq!(
        message,
        "`env systemctl start no-such.service` failed (exit code 5): Failed to start no-such.service: Unit no-such.service not found."
    );
}

/// As on the command line, `PATH` names what NixOS has.
#[tokio::test]
async fn it_finds_programs_as_a_command_does() {
    let trial = Trial::new();
    let environment = "env | grep -e ^HOME= -e ^LC_ALL= | sort";
    let result = trial.run(script(&format!("{environment} && type -P sudo podman && id --user"))).await;
    let output = result.steps[0].output.as_deref().unwrap_or_default();
    let programs = "/run/wrappers/bin/sudo\n/run/current-system/sw/bin/podman";
    assert_eq!(output, format!("HOME=/root\nLC_ALL=C\n{programs}\n0"), "{result:?}");
}
