//! Logins: which keys, in which order, and into what.

use std::fs;
use std::os::unix::fs::PermissionsExt;

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
        "{}, {}; not usable: {} (it is encrypted, and no agent holds it; `ssh-add {}` gives it to one), {} (there is no such file)",
        own.display(),
        wrong.display(),
        locked.display(),
        locked.display(),
        keys.path().join("missing").display()
    );
    assert!(detail.ends_with(&expected), "{detail}");
    assert!(hint.contains("authorized_keys"), "{hint}");
}

/// Each has its own words, and none of them reaches sshd.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_used_says_why() {
    let sshd = Sshd::start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let key = Key::generate(KeyKind::Ed25519, &keys.path().join("id"), None).unwrap();
    sshd.authorize(&key.public().unwrap()).unwrap();
    let file = |name: &str, text: &str, mode| {
        let path = keys.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let private = fs::read_to_string(key.path()).unwrap();
    for (path, why) in [
        (file("open", &private, 0o644), "others may read it, mode 0644; `chmod 600 "),
        (file("group", &private, 0o640), "mode 0640"),
        (key.path().with_extension("pub"), "it is a public key; name the private one"),
        (file("putty", "PuTTY-User-Key-File-3: ssh-ed25519\n", 0o600), "puttygen"),
        (file("note", "the key is in the safe\n", 0o600), "it is no private key"),
        (file("empty", "", 0o600), "it is no private key"),
        (keys.path().to_path_buf(), "it is a directory, not a regular file"),
        (keys.path().join("id/below"), "Not a directory"),
        (keys.path().join("missing"), "there is no such file"),
    ] {
        let controller = Controller::with(|options| options.identities = vec![path.clone()]);
        let (reason, detail, hint) = unreachable(controller.reach(&target(&sshd)).await);
        assert_eq!(reason, Unreachable::Auth);
        let named = format!("{} (", path.display());
        assert!(detail.contains(&named) && detail.contains(why), "{detail}");
        assert!(!detail.contains("takes none"), "nothing was offered: {detail}");
        assert!(hint.contains("ssh-keygen"), "{hint}");
    }
    // A key that is only damaged is for libssh2 to tell of.
    let damaged = file("damaged", &private.replace("b3BlbnNzaC1rZXktdjE", "b3BlbnNzaC1rZXktdjF"), 0o600);
    let controller = Controller::with(|options| options.identities = vec![damaged]);
    let (_, detail, _) = unreachable(controller.reach(&target(&sshd)).await);
    assert!(detail.contains("not usable"), "{detail}");
    assert_eq!(sshd.logins(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "has ssh-keygen encrypt a key that the agent holds already")]
async fn an_encrypted_key_opens_by_the_agent_and_identities_only_keeps_the_others_back() {
    let sshd = Sshd::builder().line("MaxAuthTries 2").start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let agent = LabAgent::start(keys.path()).unwrap();
    for name in ["a", "b", "c", "right"] {
        let key = Key::generate(KeyKind::Ed25519, &keys.path().join(name), None).unwrap();
        agent.add(&key).unwrap();
    }
    let right = keys.path().join("right");
    let public = fs::read_to_string(right.with_extension("pub")).unwrap();
    sshd.authorize(public.trim()).unwrap();
    let done = std::process::Command::new("ssh-keygen")
        .args(["-q", "-p", "-N", "secret", "-f"])
        .arg(&right)
        .output()
        .unwrap();
    assert!(done.status.success());
    let with_agent = |options: &mut crate::SshOptions| {
        options.agent = Agent::Socket(agent.socket().to_path_buf());
        options.ssh_config.user = Some(keys.path().join("config"));
    };
    let config = |text: &str| fs::write(keys.path().join("config"), text).unwrap();
    let mut node = target(&sshd);

    // Four keys are too many for this sshd, and the right one is the last.
    let (_, detail, _) = unreachable(Controller::with(with_agent).reach(&node).await);
    assert!(detail.contains("there the node hung up"), "{detail}");
    // One that is named comes first, by what its file says of itself.
    fs::remove_file(right.with_extension("pub")).unwrap();
    node.identity = Some(right.clone());
    Controller::with(with_agent).reach(&node).await.unwrap();
    node.identity = None;
    let before = sshd.log().len();
    config(&format!("Host 127.0.0.1\n IdentityFile {}\n IdentitiesOnly yes\n", right.display()));
    Controller::with(with_agent).reach(&node).await.unwrap();
    let log = sshd.log().split_off(before);
    assert!(!log.contains("Failed publickey") && log.contains("Accepted publickey"), "{log}");
    // A public key stands for what an agent holds.
    fs::write(keys.path().join("only.pub"), &public).unwrap();
    config(&format!("IdentityFile {}/only.pub\nIdentitiesOnly yes\n", keys.path().display()));
    Controller::with(with_agent).reach(&node).await.unwrap();
    // Without the agent that was named, nothing is left.
    config(&format!(
        "IdentityFile {}\nIdentitiesOnly yes\nIdentityAgent none\nCertificateFile /c\n",
        right.display()
    ));
    let (_, detail, _) = unreachable(Controller::with(with_agent).reach(&node).await);
    assert!(detail.contains("it is encrypted, and no agent holds it"), "{detail}");
    assert!(
        detail.contains("CertificateFile of ") && detail.contains("config:4 is not honoured"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_ipv6_is_a_host_like_any_other() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("NOT RUN: this machine has no IPv6");
        return;
    }
    let sshd = Sshd::builder().line("ListenAddress ::1").start().unwrap();
    let controller = Controller::of(&sshd);
    let mut node = target(&sshd);
    node.host = "::1".parse().unwrap();
    let said = controller.read(&node, "echo $SSH_CONNECTION").await.unwrap();
    assert!(said.stdout.starts_with(b"::1 "), "{said:?}");
    let known = fs::read_to_string(controller.known_hosts()).unwrap();
    assert_eq!(known.trim(), sshd.known_hosts_line("::1").unwrap());
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

/// A process that is stopped, or one at the far end of a dead link. It is no fault of the nodes, and other keys open them.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_agent_is_told_as_that_and_holds_up_no_other_key() {
    let sshd = Sshd::start().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let controller = Controller::with(|options| options.agent = Agent::Socket(socket.clone()));
    // More than may ask it at once.
    let nodes: Vec<_> = (0..20).map(|n| super::at(sshd.port(), &format!("user{n}"))).collect();
    let all = futures_util::future::join_all(nodes.iter().map(|node| controller.reach(node)));
    for told in all.await {
        let (reason, detail, hint) = unreachable(told);
        assert_eq!(reason, Unreachable::Controller, "{detail}");
        assert!(detail.contains(&format!("the agent at {}", socket.display())), "{detail}");
        assert!(hint.contains("ssh-add -l"), "{hint}");
    }
    let with_a_key = Controller::with(|options| {
        options.agent = Agent::Socket(socket.clone());
        options.identities = vec![sshd.identity().to_path_buf()];
    });
    assert_eq!(with_a_key.read(&target(&sshd), "echo on").await.unwrap().stdout, b"on\n");
}

/// It says which keys it holds, and then waits for a touch of its token.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_does_not_sign_is_told_as_that() {
    use std::io::{Read, Write};

    let sshd = Sshd::start().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let public = std::fs::read_to_string(sshd.identity().with_extension("pub")).unwrap();
    let blob = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        public.split_whitespace().nth(1).unwrap(),
    )
    .unwrap();
    tokio::task::spawn_blocking(move || {
        let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
        let keys = [vec![12, 0, 0, 0, 1], string(&blob), string(b"token")].concat();
        let mut open = Vec::new();
        for _ in 0..2 {
            let (mut peer, _) = listener.accept().unwrap();
            peer.read_exact(&mut [0; 5]).unwrap();
            peer.write_all(&string(&keys)).unwrap();
            open.push(peer);
        }
        // It keeps them open until long after the login was given up; then whoever asks it may end.
        open[1].set_read_timeout(Some(std::time::Duration::from_secs(8))).unwrap();
        let _ = open[1].read_to_end(&mut Vec::new());
    });
    let controller = Controller::with(|options| {
        options.agent = Agent::Socket(socket.clone());
        options.connect_timeout = std::time::Duration::from_secs(2);
    });
    let (reason, detail, hint) = unreachable(controller.reach(&target(&sshd)).await);
    assert_eq!(reason, Unreachable::Controller, "{detail}");
    assert!(detail.contains("asked to sign") && hint.contains("token"), "{detail} {hint}");
}
