//! Logins: which keys, in which order, and into what.

use nixi_core::{ExecError, Unreachable};
use nixi_lab::{Agent as LabAgent, Key, KeyKind, Sshd};

use super::{Controller, target, unreachable};
use crate::Agent;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_names_every_key() {
    let sshd = Sshd::start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let make = |name: &str, passphrase| {
        Key::generate(KeyKind::Ed25519, &keys.path().join(name), passphrase).unwrap().path().to_path_buf()
    };
    let (own, wrong, locked) = (make("own", None), make("wrong", None), make("locked", Some("secret")));
    let controller = Controller::with(|options| {
        options.identities = vec![wrong.clone(), locked.clone(), keys.path().join("missing")];
    });
    let mut node = target(&sshd);
    node.identity = Some(own.clone());
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::Auth);
    let expected = format!(
        "{}, {}; not usable: {} (it is encrypted, and no agent holds it), {} (there is no such file)",
        own.display(),
        wrong.display(),
        locked.display(),
        keys.path().join("missing").display()
    );
    assert!(detail.ends_with(&expected), "{detail}");
    assert!(hint.contains("authorized_keys"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_and_the_agent_open() {
    let sshd = Sshd::start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
        let key = Key::generate(kind, &keys.path().join("id"), None).unwrap();
        sshd.authorize(&key.public().unwrap()).unwrap();
        let controller =
            Controller::with(|options| options.default_identities = vec![key.path().to_path_buf()]);
        controller.reach(&target(&sshd)).await.unwrap();
    }
    let agent = LabAgent::start(keys.path()).unwrap();
    for name in ["other", "right"] {
        let key = Key::generate(KeyKind::Ed25519, &keys.path().join(name), None).unwrap();
        agent.add(&key).unwrap();
        if name == "right" {
            sshd.authorize(&key.public().unwrap()).unwrap();
        }
    }
    let controller = Controller::with(|options| options.agent = Agent::Socket(agent.socket().to_path_buf()));
    let output = controller.read(&target(&sshd), "echo in").await.unwrap();
    assert_eq!(output.stdout, b"in\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_does_not_run_what_it_is_sent_is_unfit() {
    let unfit = async |sshd: &Sshd| {
        let controller = Controller::of(sshd);
        let refused = controller.change(&target(sshd), "touch $HOME/ran").await;
        assert!(!sshd.home().join("ran").exists());
        match refused {
            Err(ExecError::Unfit { detail, .. }) => detail,
            other => panic!("{other:?}"),
        }
    };
    let forced = Sshd::builder().force_command("/bin/echo This account is not available.").start().unwrap();
    let told = unfit(&forced).await;
    assert!(told.contains("This account is not available."), "{told}");
    let chatty = Sshd::builder().shell_rc("echo Welcome to bash").start().unwrap();
    let told = unfit(&chatty).await;
    assert!(told.contains("Welcome to bash"), "{told}");
    let closed = Sshd::builder().line("MaxSessions 0").start().unwrap();
    let told = unfit(&closed).await;
    assert!(told.contains("no session"), "{told}");
}
