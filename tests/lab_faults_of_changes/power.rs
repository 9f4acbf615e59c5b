//! The machine goes, and comes back.

use nixi::core::{ErrorKind, StepStatus};

use crate::told;
use crate::trial::{GO, Trial, script};

#[tokio::test]
async fn the_power_is_lost() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            web.power_off().unwrap();
            web.power_on().unwrap();
            web.wait_for_ssh().unwrap();
        })
        .await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Lost), "{message}");
    assert!(message.contains("web-server was restarted while `env bash -c"), "{message}");
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn the_machine_is_restarted() {
    let trial = Trial::new();
    let result = trial.while_it_runs(|web, _| web.reboot().unwrap()).await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Failed, ErrorKind::CommandFailed), "{message}");
    assert!(message.contains("killed by SIGTERM"), "{message}");
    trial.assert_ran_once().await;
}

/// What it wrote down before outlives the power.
#[tokio::test]
async fn it_ends_and_then_the_power_is_lost() {
    let trial = Trial::new();
    let result = trial
        .while_it_runs(|web, _| {
            let hole = web.black_hole().unwrap();
            web.root(GO).unwrap();
            let ended = "grep -qx ended /var/lib/nixi/*";
            web.wait_until("end the change", || Ok(web.try_root(ended)?.code == 0)).unwrap();
            web.power_off().unwrap();
            web.power_on().unwrap();
            web.wait_until_booted().unwrap();
            hole.end().unwrap();
        })
        .await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    trial.assert_ran_once().await;
}

#[tokio::test]
async fn the_change_itself_restarts_the_machine() {
    let trial = Trial::new();
    // The restart ends it too, if it is quicker.
    let restarts =
        script("trap '' TERM && echo ran | tee -a /srv/ran >>/run/ran && systemctl --no-block reboot");
    let result = trial.run(restarts).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    let web = trial.web();
    web.wait_until("restart", || Ok(web.try_root("test ! -e /run/ran")?.code == 0)).unwrap();
    web.wait_for_ssh().unwrap();
    trial.assert_ran_once().await;
}
