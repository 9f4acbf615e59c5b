//! Host keys: taken once, and never another.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

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

    // Known to the system: nothing is written.
    controller.know("");
    let system = controller.dir.path().join("system_known_hosts");
    fs::write(&system, format!("[127.0.0.?]:* {key}\n")).unwrap();
    controller.reach(&node).await.unwrap();
    assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), "");
    // What the system revokes, the user's own line does not bring back.
    fs::write(&system, format!("# comment\n@revoked * {key}\n")).unwrap();
    let controller = controller.again();
    controller.know(&format!("[127.0.0.1]:{} {key}\n", sshd.port()));
    let (_, detail, hint) = unreachable(controller.reach(&node).await);
    assert!(detail.contains(&format!("revoked by {} line 2", system.display())), "{detail}");
    assert!(hint.contains("must not be trusted"), "{hint}");
    // A CA for others says nothing of this host.
    fs::write(&system, format!("@cert-authority *.lan {key}\n")).unwrap();
    controller.know("# no newline at the end");
    controller.reach(&node).await.unwrap();
    let text = fs::read_to_string(controller.known_hosts()).unwrap();
    assert!(text.ends_with(&format!("end\n{}\n", sshd.known_hosts_line("127.0.0.1").unwrap())), "{text}");
}

/// We cannot check certificates. A host that is said to have one is not taken on trust instead.
#[tokio::test(flavor = "multi_thread")]
async fn a_ca_that_vouches_for_the_host_leaves_its_key_open() {
    let sshd = Sshd::builder().host_keys(&[KeyKind::Ecdsa, KeyKind::Ed25519]).start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let key = sshd.public_host_key(KeyKind::Ed25519).unwrap();
    let authority =
        nixi_lab::Key::generate(KeyKind::Ed25519, &controller.dir.path().join("ca"), None).unwrap();
    let line = format!("# ours\n@cert-authority [127.0.0.*]:* {}\n", authority.public().unwrap());
    controller.know(&line);
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    let file = controller.known_hosts();
    assert!(detail.contains(&format!("{} line 2 lets a CA vouch", file.display())), "{detail}");
    let name = format!("[127.0.0.1]:{}", sshd.port());
    for part in [
        format!("-p {} {}@127.0.0.1 cat /etc/ssh/ssh_host_ed25519_key.pub)", sshd.port(), sshd.user()),
        format!(" && echo \"{name} $key\" >> {}", file.display()),
    ] {
        assert!(hint.contains(&part), "{part}: {hint}");
    }
    // Before authentication, and nothing was written.
    assert!(!sshd.log().contains("publickey"), "{}", sshd.log());
    assert_eq!(fs::read_to_string(&file).unwrap(), line);
    // In the file of the system it counts as well, and the user's file is where the key belongs.
    controller.know("");
    let system = controller.dir.path().join("system_known_hosts");
    fs::write(&system, &line).unwrap();
    let (_, detail, hint) = unreachable(controller.reach(&node).await);
    assert!(detail.contains(&system.display().to_string()), "{detail}");
    assert!(hint.ends_with(&format!(">> {}", file.display())), "{hint}");
    // The way out works: the plain key decides.
    controller.know(&format!("{name} {key} root@web\n"));
    assert_eq!(controller.reach(&node).await.unwrap(), fingerprint_of(&sshd.dir().join("host_ed25519.pub")));
}

/// A line that names the host and cannot be read might be its record.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_line_of_the_host_is_told_and_removed() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let known = sshd.known_hosts_line("127.0.0.1").unwrap();
    let broken = format!("[127.0.0.1]:{} ssh-ed25519 AAAA\n", sshd.port());
    controller.know(&broken);
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!((reason, sshd.logins()), (Unreachable::HostKeyChanged, 0));
    assert!(detail.contains("line 1 speaks of this host and cannot be read"), "{detail}");
    assert!(hint.contains("`nixi remove web-server`"), "{hint}");
    assert_eq!(controller.ssh.forget(&node, &[]).unwrap().lines, 1);
    assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), "");
    // Beside a line that can be read it is in nobody's way, unless it may forbid something.
    controller.know(&format!("{broken}{known}\n"));
    controller.reach(&node).await.unwrap();
    let controller = controller.again();
    controller.know(&format!("{known}\n@revoked * ssh-ed25519 AAAA\n"));
    let (_, detail, hint) = unreachable(controller.reach(&node).await);
    assert!(detail.contains("line 2 speaks of this host"), "{detail}");
    assert!(hint.contains("mend or take out line 2"), "{hint}");
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_type_that_is_not_checked_is_named_as_such() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let name = format!("[127.0.0.1]:{}", sshd.port());
    let key = sshd.public_host_key(KeyKind::Ed25519).unwrap();
    // ssh-dss with numbers of no meaning.
    controller.know(&format!("{name} ssh-dss AAAAB3NzaC1kc3MAAAABAQAAAAEBAAAAAQEAAAABAQ==\n"));
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!((reason, sshd.logins()), (Unreachable::HostKeyChanged, 0));
    assert!(detail.contains("(ssh-dss, a type that Nixi cannot check)"), "{detail}");
    assert!(hint.contains("record that one as well"), "{hint}");
    let text = fs::read_to_string(controller.known_hosts()).unwrap();
    controller.know(&format!("{text}{name} {key}\n"));
    controller.reach(&node).await.unwrap();
}

/// Keys come and go one at a time, and each step leaves one that is known.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_several_keys_may_replace_them() {
    let kinds = [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa];
    let mut sshd = Sshd::builder().host_keys(&kinds).start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let line =
        |sshd: &Sshd, kind| format!("[127.0.0.1]:{} {}\n", sshd.port(), sshd.public_host_key(kind).unwrap());
    let old: String = kinds.iter().map(|kind| line(&sshd, *kind)).collect();
    sshd.restart_with_new_host_keys().unwrap();
    let new = fingerprint_of(&sshd.dir().join("host_rsa.pub"));
    // All three changed, of which the best one is told.
    controller.know(&old);
    let (reason, detail, _) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains("line 1") && !detail.contains("ssh-rsa"), "{detail}");
    // The new one was recorded beside the old one of its type.
    let rsa = old.lines().last().unwrap();
    controller.know(&format!("{rsa}\n{}", line(&sshd, KeyKind::Rsa)));
    assert_eq!(controller.reach(&node).await.unwrap(), new);
    let controller = controller.again();
    // The old one was withdrawn.
    controller.know(&format!("@revoked * {}\n{}", rsa.split_once(' ').unwrap().1, line(&sshd, KeyKind::Rsa)));
    assert_eq!(controller.reach(&node).await.unwrap(), new);
    let controller = controller.again();
    // Only the old one of a type that it no longer has at all.
    let single = Sshd::builder().host_keys(&[KeyKind::Ed25519]).start().unwrap();
    controller.know(&format!("[127.0.0.1]:{} {}\n", single.port(), rsa.split_once(' ').unwrap().1));
    let (_, detail, hint) = unreachable(controller.reach(&target(&single)).await);
    assert!(detail.contains("(ssh-rsa, which was asked for first)"), "{detail}");
    assert!(hint.contains("`nixi remove web-server`"), "{hint}");
    assert_eq!(single.logins(), 0);
}

/// Whatever form the record has, it is found, and decides which of the server's keys is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_record_is_found() {
    let sshd = Sshd::builder().host_keys(&[KeyKind::Ed25519, KeyKind::Rsa]).start().unwrap();
    let mut controller = Controller::of(&sshd);
    let node = target(&sshd);
    let key = sshd.public_host_key(KeyKind::Rsa).unwrap();
    let port = sshd.port();
    for names in [
        format!("[127.0.0.1]:{port}"),
        format!("web,[127.0.0.1]:{port},10.0.0.1"),
        format!("[127.0.0.?]:{port},![127.0.0.2]:*"),
        format!("[127.*]:{port}\t"),
        "127.0.0.1".to_owned(),
        "*".to_owned(),
    ] {
        for hash in [false, true] {
            controller.know(&format!("{names} {key}\r\n"));
            if hash {
                hash_names(&controller.known_hosts());
            }
            let text = fs::read_to_string(controller.known_hosts()).unwrap();
            let shown = controller.reach(&node).await.unwrap();
            assert_eq!(shown, fingerprint_of(&sshd.dir().join("host_rsa.pub")), "{text}");
            assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), text);
            controller = controller.again();
        }
    }
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

    let pin = fingerprint_of(&sshd.dir().join("host_rsa.pub")).parse().unwrap();
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

#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn fingerprint_of(public: &Path) -> String {
    let out = Command::new("ssh-keygen").arg("-lf").arg(public).output().unwrap().stdout;
    String::from_utf8(out).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn hash_names(file: &Path) {
    let done = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(file).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}
