//! Connections that are made anew: whether one can log in now, whatever lives from before.

use std::fs;

use nixi_core::{ExecError, Jump, SshTarget, Unreachable};
use nixi_lab::Sshd;
use tokio_util::sync::CancellationToken;

use super::{Controller, target, unreachable, until};

#[tokio::test(flavor = "multi_thread")]
async fn reaching_anew_is_a_login_of_its_own() {
    let sshd = Sshd::start().unwrap();
    let (controller, node) = (Controller::of(&sshd), target(&sshd));
    let key = controller.reach(&node).await.unwrap();
    controller.reach(&node).await.unwrap();
    assert_eq!(sshd.logins(), 1, "what lives is shared");
    assert_eq!(controller.reach_anew(&node).await.unwrap(), key);
    assert_eq!(sshd.logins(), 2);
    // Those who ask at once share nothing either.
    let (one, other) = tokio::join!(controller.reach_anew(&node), controller.reach_anew(&node));
    assert_eq!((one.unwrap(), other.unwrap()), (key.clone(), key));
    assert_eq!(sshd.logins(), 4);
    // The newest is what is used from now on, and nobody keeps the others.
    assert_eq!(controller.read(&node, "echo here").await.unwrap().stdout, b"here\n");
    assert_eq!(sshd.logins(), 4);
    until(|| sshd.connections() == 1).await;
}

/// What runs while the connection is replaced ends as it would have.
#[tokio::test(flavor = "multi_thread")]
async fn what_runs_on_the_old_connection_runs_on() {
    let sshd = Sshd::start().unwrap();
    let (controller, node) = (Controller::of(&sshd), target(&sshd));
    let line = "touch $HOME/begun; while ! test -e $HOME/go; do sleep 0.05; done; echo done";
    let running = controller.change(&node, line);
    let meanwhile = async {
        until(|| sshd.home().join("begun").exists()).await;
        controller.reach_anew(&node).await.unwrap();
        fs::write(sshd.home().join("go"), "").unwrap();
    };
    let (ended, ()) = tokio::join!(running, meanwhile);
    assert_eq!(ended.unwrap().stdout, b"done\n");
}

/// The connection from before proves nothing: sshd takes no key any more, or does not even listen.
#[tokio::test(flavor = "multi_thread")]
async fn it_fails_where_nobody_can_log_in_any_more() {
    let mut sshd = Sshd::start().unwrap();
    let (controller, node) = (Controller::of(&sshd), target(&sshd));
    controller.reach(&node).await.unwrap();
    fs::write(sshd.dir().join("authorized_keys"), "").unwrap();
    let (reason, detail, _) = unreachable(controller.reach_anew(&node).await);
    assert_eq!(reason, Unreachable::Auth, "{detail}");
    sshd.stop_listening();
    let (reason, detail, _) = unreachable(controller.reach_anew(&node).await);
    assert_eq!(reason, Unreachable::Refused, "{detail}");
    // All the while the old connection is as good as ever.
    controller.reach(&node).await.unwrap();
    assert_eq!(controller.read(&node, "echo alive").await.unwrap().stdout, b"alive\n");
    assert_eq!(sshd.logins(), 1);
}

/// A key is taken, and a command is not run: that is no way back to the machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_runs_no_command_is_none() {
    let sshd = Sshd::start().unwrap();
    let (controller, node) = (Controller::of(&sshd), target(&sshd));
    controller.reach(&node).await.unwrap();
    let key = fs::read_to_string(sshd.dir().join("authorized_keys")).unwrap();
    fs::write(sshd.dir().join("authorized_keys"), format!("command=\"exit 1\" {key}")).unwrap();
    let error = controller.reach_anew(&node).await.unwrap_err();
    assert!(matches!(error, ExecError::Unfit { .. }), "{error:?}");
    assert_eq!(controller.read(&node, "echo alive").await.unwrap().stdout, b"alive\n");
}

/// The way there may be the one from before: it is the node's own login that is in doubt.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_jump_host_the_node_is_logged_in_to_anew() {
    let (bastion, web) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = Controller::with(|options| {
        options.identities = [&bastion, &web].map(|sshd| sshd.identity().to_path_buf()).to_vec();
    });
    let node = SshTarget { jump: Jump::Through(vec![target(&bastion)]), ..target(&web) };
    controller.reach(&node).await.unwrap();
    controller.reach_anew(&node).await.unwrap();
    assert_eq!([bastion.logins(), web.logins()], [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_as_soon_as_nobody_waits() {
    let sshd = Sshd::start().unwrap();
    let (controller, node) = (Controller::of(&sshd), target(&sshd));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let name = "web-server".parse().unwrap();
    let error = controller.ssh.find_anew(&node, Some(&name), &cancel).await.unwrap_err();
    assert_eq!((error, sshd.logins()), (ExecError::CancelledUnsent, 0));
}
