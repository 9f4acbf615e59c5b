//! The link goes, and the machine stays.

use nixi::core::{ErrorKind, StepStatus};
use nixi_lab::Machine;

use crate::trial::{GO, Trial};
use crate::{assert_done, told};

/// Ends every process of sshd that serves a session.
fn kill_sessions(web: &Machine) {
    web.root("pids=$(pgrep --full '^sshd: ') && kill -9 $(for p in $pids; do grep -qz listener /proc/$p/cmdline || echo $p; done)")
        .unwrap();
}

#[tokio::test]
async fn the_server_is_killed() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            kill_sessions(web);
            web.root(GO).unwrap();
        })
        .await;
    assert_done(&result);
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn sshd_is_away_for_a_while() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            let stopped = web.stop_sshd().unwrap();
            kill_sessions(web);
            web.root(GO).unwrap();
            stopped.end().unwrap();
        })
        .await;
    assert_done(&result);
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn the_link_is_a_black_hole_until_the_change_has_ended() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            let hole = web.black_hole().unwrap();
            web.root(GO).unwrap();
            let ended = "! systemctl list-units --all 'nixi-*' | grep -q nixi-";
            web.wait_until("end the change", || Ok(web.try_root(ended)?.code == 0)).unwrap();
            hole.end().unwrap();
        })
        .await;
    assert_done(&result);
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn the_link_does_not_come_back() {
    let trial = Trial::with_read_timeout(3);
    let (sender, receiver) = std::sync::mpsc::channel();
    let result = trial.while_it_runs(move |web, _| sender.send(web.black_hole().unwrap()).unwrap()).await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Lost), "{message}");
    assert!(message.contains("does not tell how it ended"), "{message}");

    // It went on meanwhile, and the hint says where its end is to be found.
    let web = trial.web();
    web.root(GO).unwrap();
    let record = message.split_whitespace().find(|word| word.starts_with("/var/lib/nixi/")).unwrap();
    web.wait_until("end the change", || Ok(web.try_root(&format!("grep -x ended {record}"))?.code == 0))
        .unwrap();
    assert_eq!(
        web.root(&format!("cat {record}")).unwrap(),
        "begun\nEXIT_CODE=exited\nEXIT_STATUS=0\nSERVICE_RESULT=success\nended"
    );
    receiver.recv().unwrap().end().unwrap();
    trial.assert_ran_once().await;
}
