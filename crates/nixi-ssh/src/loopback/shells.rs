//! Login shells: those that do what they are sent, and those that do not.

use std::path::Path;
use std::time::Duration;

use nixi_core::{Effect, ExecError, Exit};
use nixi_lab::{Key, KeyKind, Sshd};
use tokio_util::sync::CancellationToken;

use super::{Controller, target};

/// An sshd whose user has this login shell; nothing where that cannot be had.
fn with_shell(path: &str) -> Option<Sshd> {
    if !Path::new(path).exists() {
        eprintln!("NOT RUN: it needs {path}; `cargo xtask test` brings the shells");
        return None;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT RUN: only root can give the user another login shell");
        return None;
    }
    Some(Sshd::builder().login_shell(path).start().unwrap())
}

async fn unfit(controller: &Controller, sshd: &Sshd) -> (String, String) {
    let refused = controller.change(&target(sshd), "touch $HOME/ran").await;
    assert!(!sshd.home().join("ran").exists());
    let Err(ExecError::Unfit { detail, hint }) = refused else { panic!("{refused:?}") };
    // A read that goes with the canary tells the same.
    let read = controller.read_at_once(&target(sshd), "touch $HOME/ran; true").await;
    let Err(ExecError::Unfit { detail: same, .. }) = read else { panic!("{read:?}") };
    // But for the number of the canary, which is of one connection.
    assert_eq!(same.split("'nixi ").next(), detail.split("'nixi ").next());
    assert!(!sshd.home().join("ran").exists());
    (detail, hint)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_may_go_with_the_canary() {
    for shell in ["/bin/bash", "/bin/dash", "/usr/bin/zsh"] {
        let Some(sshd) = with_shell(shell) else { continue };
        let (controller, node) = (Controller::of(&sshd), target(&sshd));
        let line = "echo out; echo err >&2; exit 3";
        let output = controller.read_at_once(&node, line).await.unwrap();
        assert_eq!((output.exit, output.truncated), (Exit::Code(3), false));
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(sshd.execs(), 1, "{shell}");
        assert_eq!(controller.read_at_once(&node, line).await.unwrap().exit, Exit::Code(3));
        assert_eq!(sshd.execs(), 2, "{shell}");
    }
}

/// Asked again with a witness over a fresh connection, a read has to wait: a witness within the frames says the last word
/// of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_witness_does_not_go_with_the_canary() {
    let sshd = Sshd::start().unwrap();
    let (controller, never) = (Controller::of(&sshd), CancellationToken::new());
    // A change is what has a witness from the start.
    let (node, line) = (target(&sshd), super::at_once("exit 3"));
    let output = controller.ssh.run(&node, None, line, Effect::Change, &never).await.unwrap();
    assert_eq!(output.exit, Exit::Code(3));
    assert_eq!(sshd.execs(), 2, "the canary, and the line by itself");
}

/// Only its beginning is waited for as a login is.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_goes_with_the_canary_has_all_its_time() {
    let sshd = Sshd::start().unwrap();
    let controller = impatient(&sshd);
    let line = "echo x >>$HOME/begun; sleep 3; echo on";
    let output = controller.read_at_once(&target(&sshd), line).await.unwrap();
    assert_eq!(output.stdout, b"on\n");
    assert_eq!(std::fs::read_to_string(sshd.home().join("begun")).unwrap(), "x\n");
    assert_eq!(sshd.execs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_the_read_that_goes_with_the_canary() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let slow =
        controller.read_at_once(&node, "touch $HOME/begun; while [ ! -e $HOME/go ]; do sleep 0.05; done");
    let other = async {
        super::until(|| sshd.home().join("begun").exists()).await;
        controller.change(&node, "touch $HOME/go").await.unwrap();
    };
    let (slow, ()) = tokio::join!(slow, other);
    assert_eq!(slow.unwrap().exit, Exit::Code(0));
}

fn impatient(sshd: &Sshd) -> Controller {
    Controller::with(|options| {
        options.identities = vec![sshd.identity().to_path_buf()];
        options.connect_timeout = Duration::from_secs(2);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_shell_that_hangs_is_told_after_one_patience() {
    let Some(sshd) = with_shell("/bin/bash") else { return };
    std::fs::write(sshd.home().join(".bashrc"), "sleep 60\n").unwrap();
    let controller = impatient(&sshd);
    let (reason, detail, _) = super::unreachable(controller.read_at_once(&target(&sshd), "true").await);
    assert_eq!(reason, nixi_core::Unreachable::Timeout);
    assert!(detail.ends_with("its login shell did not answer within 2s"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn zsh_and_dash_and_bash_do_what_they_are_sent() {
    for shell in ["/bin/bash", "/bin/dash", "/usr/bin/zsh"] {
        let Some(sshd) = with_shell(shell) else { continue };
        let line = "x='a  b'; printf '%s|%s' \"$x\" 'c d*'; echo \" $0\"";
        let said = Controller::of(&sshd).read(&target(&sshd), line).await.unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.starts_with("a  b|c d* "), "{shell}: {said}");
        let name = shell.rsplit('/').next().unwrap();
        assert!(said.trim_end().ends_with(name), "{shell} is not what ran it: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fish_is_told_from_a_shell_and_what_to_do() {
    let Some(sshd) = with_shell("/usr/bin/fish") else { return };
    let (detail, hint) = unfit(&Controller::of(&sshd), &sshd).await;
    assert!(detail.contains("does not do what it is told") && detail.contains("fish"), "{detail}");
    assert!(hint.contains(&format!("users.users.{}.shell = pkgs.bash", sshd.user())), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_a_shell_is_told() {
    for (shell, said) in [("/usr/sbin/nologin", "not available"), ("/bin/false", "exit code 1")] {
        let Some(sshd) = with_shell(shell) else { continue };
        let (detail, hint) = unfit(&Controller::of(&sshd), &sshd).await;
        assert!(detail.contains(said), "{shell}: {detail}");
        assert!(hint.contains("POSIX login shell"), "{hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_the_key_forces_is_told() {
    let sshd = Sshd::start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let key = Key::generate(KeyKind::Ed25519, &keys.path().join("id"), None).unwrap();
    sshd.authorize(&format!("command=\"echo backups only\" {}", key.public().unwrap())).unwrap();
    let controller = Controller::with(|options| options.identities = vec![key.path().to_path_buf()]);
    let (detail, hint) = unfit(&controller, &sshd).await;
    assert!(detail.contains("backups only"), "{detail}");
    assert!(hint.contains("no forced command"), "{hint}");
    // A forced command that hands on what it was sent is as good as none.
    let key = Key::generate(KeyKind::Ed25519, &keys.path().join("id"), None).unwrap();
    sshd.stub("hands-on", "#!/bin/sh\neval \"$SSH_ORIGINAL_COMMAND\"\n").unwrap();
    let program = sshd.stub_dir().join("hands-on");
    let line = format!("command=\"{}\" {}", program.display(), key.public().unwrap());
    sshd.authorize(&line).unwrap();
    let said = controller.again().read(&target(&sshd), "echo through").await.unwrap();
    assert_eq!(said.stdout, b"through\n");
}
