//! Login shells: those that do what they are sent, and those that do not.

use std::path::Path;

use nixi_core::ExecError;
use nixi_lab::{Key, KeyKind, Sshd};

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
    match refused {
        Err(ExecError::Unfit { detail, hint }) => (detail, hint),
        other => panic!("{other:?}"),
    }
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
