//! Host keys: taken once, and never another.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nixi_core::{Enrol, HostKeyState, HostKeys, Unreachable};
use nixi_lab::{KeyKind, Sshd};
use tokio_util::sync::CancellationToken;

use super::{Controller, at, target, unreachable};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_written_and_a_changed_one_refused() {
    let mut sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let old = sshd.fingerprint().unwrap();
    assert_eq!(controller.reach(&node).await.unwrap(), old);
    assert_eq!(sshd.execs(), 0, "to reach a node runs nothing");
    let file = controller.known_hosts();
    let line = sshd.known_hosts_line("127.0.0.1").unwrap() + "\n";
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

    sshd.restart_with_new_host_keys().unwrap();
    let (before, new) = (sshd.log().len(), sshd.fingerprint().unwrap());
    let controller = controller.again();
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    for part in [&old, &new, &format!("{} line 1", file.display())] {
        assert!(detail.contains(part.as_str()), "{part}: {detail}");
    }
    assert!(hint.contains("`nixi remove web-server`"), "{hint}");
    let log = sshd.log().split_off(before);
    assert!(log.contains("Connection from") && !log.contains("publickey"), "{log}");
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_decides_which_key_is_asked_for() {
    let sshd = Sshd::builder().host_keys(&[KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa]).start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let known = |kind| format!("[127.0.0.1]:{} {}\n", sshd.port(), sshd.public_host_key(kind).unwrap());
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
        controller.know(&known(kind));
        assert_ne!(controller.reach(&node).await.unwrap(), sshd.fingerprint().unwrap());
        assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), known(kind));
    }
    // Another machine's key, of a type that this one has not even got.
    let other = Sshd::builder().host_keys(&[KeyKind::Rsa]).start().unwrap();
    controller.know(&format!(
        "[127.0.0.1]:{} {}\n",
        other.port(),
        sshd.public_host_key(KeyKind::Ed25519).unwrap()
    ));
    let (reason, ..) = unreachable(controller.reach(&target(&other)).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_and_files_of_the_system_count() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let key = sshd.public_host_key(KeyKind::Ed25519).unwrap();
    controller.know(&format!("@revoked * {key}\n[127.0.0.1]:{} {key}\n", sshd.port()));
    let (reason, detail, _) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains("revoked by") && detail.contains("line 1"), "{detail}");

    // Known to the system: nothing is written. A CA line is not a key.
    controller.know("");
    fs::write(controller.dir.path().join("system_known_hosts"), format!("[127.0.0.?]:* {key}\n")).unwrap();
    controller.reach(&node).await.unwrap();
    assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), "");
    fs::write(controller.dir.path().join("system_known_hosts"), "").unwrap();
    let controller = controller.again();
    controller.know(&format!("@cert-authority * {key}\n# no newline at the end"));
    controller.reach(&node).await.unwrap();
    let text = fs::read_to_string(controller.known_hosts()).unwrap();
    assert!(text.ends_with(&format!("end\n{}\n", sshd.known_hosts_line("127.0.0.1").unwrap())), "{text}");
}

/// Where the record cannot be read, nothing is trusted, and nothing waits for a pipe that nobody writes to.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_no_file_is_told() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    controller.know("");
    fs::remove_file(controller.known_hosts()).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        controller.known_hosts(),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    match controller.reach(&target(&sshd)).await {
        Err(nixi_core::ExecError::Unfit { detail, .. }) => {
            assert!(detail.contains("not a regular file"), "{detail}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(sshd.logins(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_the_only_key_that_is_taken() {
    let sshd = Sshd::builder().host_keys(&[KeyKind::Ed25519, KeyKind::Rsa]).start().unwrap();
    let other = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let never = CancellationToken::new();
    let pin = other.fingerprint().unwrap().parse().unwrap();
    let (reason, detail, _) = unreachable(controller.ssh.key_login(&node, Some(&pin), &never).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains(&sshd.fingerprint().unwrap()), "{detail}");
    assert_eq!((sshd.logins(), controller.known_hosts().exists()), (0, false));

    let rsa = sshd.dir().join("host_rsa.pub");
    let shown = String::from_utf8(fingerprint_of(&rsa)).unwrap();
    let pin = shown.split_whitespace().nth(1).unwrap().parse().unwrap();
    let welcome = controller.ssh.key_login(&node, Some(&pin), &never).await.unwrap();
    assert_eq!((welcome.fingerprint, welcome.host_key), (pin.clone(), HostKeyState::New));
    let welcome = controller.ssh.key_login(&node, Some(&pin), &never).await.unwrap();
    assert_eq!(welcome.host_key, HostKeyState::Known);
    // What was logged in last is what commands go over.
    let logins = sshd.logins();
    assert_eq!(controller.reach(&node).await.unwrap(), pin.to_string());
    assert_eq!(sshd.logins(), logins);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_forgotten_is_not_talked_to_over_the_old_connection() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    controller.reach(&node).await.unwrap();
    // Its neighbour on another address is none of its business.
    let mut neighbour = target(&sshd);
    neighbour.host = "127.0.0.2".parse().unwrap();
    controller.reach(&neighbour).await.unwrap();
    assert_eq!(controller.ssh.forget(&node, &[]).unwrap().lines, 1);
    controller.reach(&neighbour).await.unwrap();
    assert_eq!(sshd.logins(), 2);
    // The connection lives; the key that it was made with would be refused by now.
    let other = Sshd::start().unwrap();
    let key = other.public_host_key(KeyKind::Ed25519).unwrap();
    controller.know(&format!("[127.0.0.1]:{} {key}\n", sshd.port()));
    let (reason, ..) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_for_a_host_that_lets_nobody_in() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::with(|_| {});
    let (reason, ..) = unreachable(controller.reach(&at(sshd.port(), sshd.user())).await);
    assert_eq!(reason, Unreachable::Auth);
    assert!(!controller.known_hosts().exists());
}

/// Our reading of the format against OpenSSH's own.
#[test]
#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn names_are_matched_as_ssh_keygen_matches_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("k");
    let key =
        nixi_lab::Key::generate(KeyKind::Ed25519, &dir.path().join("id"), None).unwrap().public().unwrap();
    let names = [
        "web",
        "WEB,other",
        "w?b",
        "*",
        "*,!web",
        "!web",
        "[web]:2222",
        "[web]:*",
        "[*]:2222",
        "web,",
        "we",
        "webs",
        "192.168.1.*",
        "::1",
        "[::1]:2222",
        "w*b*",
        "*eb.lan",
        "a,!other,web",
    ];
    let mut text = "# comment\n\n".to_owned();
    names.iter().for_each(|name| text += &format!("{name} {key} note\n"));
    text += &format!("@revoked web {key}\n@cert-authority web {key}\n  web\t{key}\n");
    fs::write(&file, text.clone() + &format!("@odd web {key}\n")).unwrap();
    for hashed in [false, true] {
        if hashed {
            // Patterns stay as they are; a mark that it does not know, it would not have at all.
            fs::write(&file, &text).unwrap();
            let done = std::process::Command::new("ssh-keygen")
                .args(["-q", "-H", "-f"])
                .arg(&file)
                .output()
                .unwrap();
            assert!(done.status.success());
        }
        for (host, port) in [
            ("web", 22),
            ("Web", 22),
            ("web", 2222),
            ("other", 22),
            ("192.168.1.9", 22),
            ("::1", 22),
            ("::1", 2222),
            ("web.lan", 22),
        ] {
            let name = crate::hostkey::name_of(host, port);
            let out = std::process::Command::new("ssh-keygen")
                .args(["-F", &name, "-f"])
                .arg(&file)
                .output()
                .unwrap();
            let theirs: Vec<usize> = String::from_utf8(out.stdout)
                .unwrap()
                .lines()
                .filter(|line| {
                    line.starts_with("# Host") && !line.contains("CA") && !line.contains("REVOKED")
                })
                .map(|line| line.split_whitespace().nth(5).unwrap().parse().unwrap())
                .collect();
            let known = crate::hostkey::KnownHosts::load(&file, &[]).unwrap().of(host, port);
            let ours: Vec<usize> = known.keys.iter().map(|(_, place)| place.line).collect();
            assert_eq!(ours, theirs, "{name}, hashed: {hashed}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn fingerprint_of(public: &std::path::Path) -> Vec<u8> {
    std::process::Command::new("ssh-keygen").arg("-lf").arg(public).output().unwrap().stdout
}
