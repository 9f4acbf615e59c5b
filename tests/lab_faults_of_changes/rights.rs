//! The machine is there, and does not let us.

use nixi::core::{ErrorKind, StepStatus};
use nixi_lab::{Fault, Machine};

use crate::trial::{GO, Trial, WAITS, script};
use crate::{assert_done, told};

/// The record is in memory as well.
#[tokio::test]
async fn the_disk_is_full() {
    let trial = Trial::new();
    let full = trial.web().disk_full().unwrap();
    trial.web().root(GO).unwrap();
    let result = trial.run(script("echo ran >>/run/ran")).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    assert_eq!(trial.web().root("cat /run/ran").unwrap(), "ran");
    let failed = trial.run(script("echo text >/srv/file")).await;
    let (status, kind, message) = told(&failed);
    assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::CommandFailed), "{message}");
    assert!(message.contains("No space left on device"), "{message}");
    full.end().unwrap();
    trial.assert_ran(0).await;
}

#[tokio::test]
async fn the_disk_fills_up_while_it_runs() {
    let trial = Trial::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let result = trial
        .while_it_runs(move |web, _| {
            sender.send(web.disk_full().unwrap()).unwrap();
            web.root(GO).unwrap();
        })
        .await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    receiver.recv().unwrap().end().unwrap();
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn sudo_asks_for_a_password() {
    let trial = Trial::new();
    let faults: [fn(&Machine) -> anyhow::Result<Fault>; 2] =
        [Machine::sudo_asks_password, Machine::user_without_sudo];
    for fault in faults {
        let fault = fault(trial.web()).unwrap();
        let result = trial.run(script(WAITS)).await;
        let (status, kind, message) = told(&result);
        assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::SudoPassword), "{message}");
        let warnings = result.plan.unwrap().warnings;
        assert!(warnings[0].contains("does not let the login user run systemd-run"), "{warnings:?}");
        fault.end().unwrap();
    }
    trial.assert_ran(0).await;
}

/// The plan was made while it did not; nothing is run directly that was to be run as a unit.
#[tokio::test]
async fn sudo_asks_for_a_password_after_the_plan_was_made() {
    let trial = Trial::new();
    let (result, fault) = trial.run_after(script(WAITS), |web| web.sudo_asks_password().unwrap()).await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::SudoPassword), "{message}");
    assert_eq!(result.plan.unwrap().warnings, Vec::<String>::new());
    fault.end().unwrap();
    trial.assert_ran(0).await;
}

/// How it ended is for anybody to read; what it said is not.
#[tokio::test]
async fn sudo_is_taken_away_while_it_runs() {
    let trial = Trial::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let result = trial
        .while_it_runs(move |web, _| {
            sender.send(web.user_without_sudo().unwrap()).unwrap();
            web.root(GO).unwrap();
        })
        .await;
    assert_eq!((result.status, &result.steps[0].output), (StepStatus::Done, &None), "{result:?}");
    receiver.recv().unwrap().end().unwrap();
    trial.assert_ran_once().await;
    let again = trial.run(script("echo at work && echo finished")).await;
    assert_done(&again);
}
