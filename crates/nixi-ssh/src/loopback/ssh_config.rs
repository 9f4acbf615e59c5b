//! The user's own SSH configuration, as it leads to real hosts or away from them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nixi_core::{
    Effect, Enrol, ExecError, Executor, Given, HostKeyState, HostKeys, Jump, Mode, Node, SshTarget,
    Unreachable,
};
use nixi_lab::{KeyKind, Sshd};
use tokio_util::sync::CancellationToken;

use super::{Controller, exec, unreachable};
use crate::ssh::Terms;

fn configured(sshd: &Sshd, text: &str) -> Controller {
    let controller = Controller::of(sshd);
    configure(&controller, text);
    controller
}

fn configure(controller: &Controller, text: &str) {
    let file = controller.dir.path().join("ssh/config");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A node of which Nixi's configuration says the host and nothing else.
fn named(host: &str) -> SshTarget {
    SshTarget {
        host: host.parse().unwrap(),
        port: nixi_core::Port::SSH,
        user: "nixi".parse().unwrap(),
        identity: None,
        given: Given { port: false, user: false },
        jump: Jump::Unsaid,
    }
}

/// Why a node must not be connected to.
fn refused<T: std::fmt::Debug>(result: Result<T, ExecError>) -> String {
    let (reason, detail, hint) = unreachable(result);
    assert_eq!(reason, Unreachable::Protocol, "{detail}");
    assert_ne!(hint, "", "{detail}");
    detail
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_the_file_leads_to_its_host() {
    let (bastion, web) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let text = format!(
        "Host web\n  HostName 127.0.0.2\n  Port {web_port}\n  User {user}\n  HostKeyAlias web-key\n  ProxyJump jump\n\
         Host jump\n  HostName 127.0.0.1\n  Port {jump_port}\n  IdentityFile {jump_key}\n\
         Host *\n  User {user}\n  IdentityFile {web_key}\n  IdentitiesOnly yes\n",
        web_port = web.port(),
        jump_port = bastion.port(),
        user = web.user(),
        jump_key = bastion.identity().display(),
        web_key = web.identity().display(),
    );
    let controller = Controller::with(|_| {});
    configure(&controller, &text);
    let node = named("web");
    assert_eq!(controller.read(&node, "echo in").await.unwrap().stdout, b"in\n");
    assert_eq!((bastion.logins(), web.logins()), (1, 1));
    let place = controller.ssh.place(&node);
    assert_eq!(
        (place.host.as_str(), place.port.get(), place.user.as_str()),
        ("127.0.0.2", web.port(), web.user())
    );
    let known = fs::read_to_string(controller.known_hosts()).unwrap();
    assert!(known.contains("\nweb-key ssh-ed25519 ") && !known.contains("127.0.0.2"), "{known}");
    // The key of its jump host stays for as long as the node does.
    let jump = named("jump");
    assert_eq!(controller.ssh.forget(&jump, std::slice::from_ref(&node)).unwrap().lines, 0);
    // Removing the node takes out what is recorded under that name.
    assert_eq!(controller.ssh.forget(&node, &[]).unwrap().lines, 1);
    assert!(!fs::read_to_string(controller.known_hosts()).unwrap().contains("web-key"));
    assert_eq!(controller.ssh.forget(&jump, &[]).unwrap().lines, 1);

    // What Nixi's own configuration says goes over all of it.
    let explicit = SshTarget { jump: Jump::Direct, given: Given { port: false, user: true }, ..node };
    let (_, detail, _) = unreachable(controller.reach(&explicit).await);
    assert!(detail.contains("for user nixi") && detail.contains("web (127.0.0.2)"), "{detail}");
    assert_eq!(bastion.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_run_a_command_is_refused_and_runs_nothing() {
    let web = Sshd::start().unwrap();
    let controller = configured(&web, "");
    let ran = controller.dir.path().join("ran");
    let touch = format!("touch {}", ran.display());
    let at = format!("  HostName 127.0.0.1\n  Port {}\n  User {}\n", web.port(), web.user());
    for (text, why) in [
        (format!("Match host 127.0.0.1 exec \"{touch}\"\n  Compression yes\nHost web\n{at}"), ""),
        // What holds already, it cannot change.
        (format!("Host web\n{at}Match exec \"{touch}\"\n  User root\n"), ""),
        (format!("Match host * exec \"{touch}\"\nHost web\n{at}"), ""),
        (
            format!("Host web\n{at}Match exec \"{touch}\"\n  ProxyJump elsewhere\n"),
            "config:6: Nixi cannot tell whether the `Match exec` block at ",
        ),
        (
            format!("Host web\n{at}  ProxyCommand {touch}; nc %h %p\n"),
            "config:5: the host is reached by a ProxyCommand",
        ),
        (format!("Host web\n{at}  CanonicalizeHostname yes\n"), "config:5: CanonicalizeHostname"),
        (format!("Host web\n{at}  ProxyJump web\n"), "leads in a circle"),
        (
            format!("Host web\n{at}Match sessiontype shell\n  ProxyJump elsewhere\n"),
            "config:6: Nixi cannot tell whether",
        ),
        (
            format!(
                "Host 127.0.0.*\n  ProxyCommand {touch}\nHost web\n{at}Match final host nobody\n  Port 1\n"
            ),
            "config:2: the host is reached by a ProxyCommand",
        ),
        ("Port".to_owned(), "config:1: \"port\" is given no value"),
    ] {
        configure(&controller, &text);
        let reached = controller.reach(&named("web")).await;
        match why {
            // The criterion beside it does not hold, so nobody has to know.
            "" => assert!(reached.is_ok(), "{reached:?}"),
            why => {
                let told = refused(reached);
                assert!(told.starts_with("web is not connected to: ") && told.contains(why), "{told}");
            }
        }
        assert!(!ran.exists(), "{text}");
    }
    configure(&controller, "");
    fs::set_permissions(controller.dir.path().join("ssh/config"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(refused(controller.reach(&named("web")).await).contains("somebody else may write this file"));
}

/// The file may change between the yes and the deed.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_never_runs_on_another_machine() {
    let (old, new) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let leads_to = |sshd: &Sshd| {
        format!("Host web\n  HostName 127.0.0.1\n  Port {}\n  User {}\n", sshd.port(), sshd.user())
    };
    let controller = Controller::with(|options| {
        options.identities = vec![old.identity().to_path_buf(), new.identity().to_path_buf()];
    });
    configure(&controller, &leads_to(&old));
    let node = named("web");
    let seen = controller.reach(&node).await.unwrap();
    assert_eq!(seen, old.fingerprint().unwrap());
    configure(&controller, &leads_to(&new));
    // The check before the steps sees it, and so does each step by itself.
    let whole = Node::remote("web".parse().unwrap(), node.clone(), Mode::Managed);
    let answers = controller.ssh.reach(&whole, &CancellationToken::new()).await.unwrap().unwrap();
    assert_eq!(answers.host_key.to_string(), new.fingerprint().unwrap());
    let terms = Terms { effect: Effect::Change, host_key: Some(seen.parse().unwrap()) };
    let run =
        controller.ssh.run(&node, None, exec("touch $HOME/ran"), terms, &CancellationToken::new()).await;
    let (reason, detail, _) = unreachable(run);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains("another machine answers as web now"), "{detail}");
    assert_eq!((old.execs(), new.execs()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_never_seen_is_not_taken_where_the_file_says_so() {
    let web = Sshd::start().unwrap();
    let controller = configured(
        &web,
        &format!(
            "Host web\n HostName 127.0.0.1\n Port {}\n User {}\n StrictHostKeyChecking yes\n",
            web.port(),
            web.user()
        ),
    );
    let (reason, detail, hint) = unreachable(controller.reach(&named("web")).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains("is not on record") && hint.contains("--host-key"), "{detail}: {hint}");
    assert_eq!((web.logins(), controller.known_hosts().exists()), (0, false));
    controller.know(&(web.known_hosts_line("127.0.0.1").unwrap() + "\n"));
    controller.reach(&named("web")).await.unwrap();
}

/// What `UserKnownHostsFile` and `GlobalKnownHostsFile` name is where the host's keys are, and nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn pins_in_the_files_of_the_host_hold() {
    let (web, other) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let key = web.public_host_key(KeyKind::Ed25519).unwrap();
    let wrong = other.public_host_key(KeyKind::Ed25519).unwrap();
    let name = format!("[127.0.0.1]:{}", web.port());
    for (line, text) in [
        ("UserKnownHostsFile ~/lab", format!("{name} {wrong}\n")),
        ("UserKnownHostsFile ~/none %d/lab", format!("{name} {wrong}\n")),
        ("GlobalKnownHostsFile ~/lab", format!("{name} {wrong}\n")),
        ("UserKnownHostsFile %d/%n", format!("@revoked * {key}\n")),
        ("GlobalKnownHostsFile /dev/null ~/lab", format!("@revoked * {key}\n{name} {key}\n")),
        ("StrictHostKeyChecking yes", String::new()),
    ] {
        let controller = configured(&web, &at(&web, line));
        // What the files that are not named say does not count.
        if line.starts_with("User") {
            controller.know(&format!("{name} {key}\n"));
        }
        fs::write(controller.dir.path().join("lab"), &text).unwrap();
        let (reason, detail, _) = unreachable(controller.reach(&named("lab")).await);
        assert_eq!(reason, Unreachable::HostKeyChanged, "{line}: {detail}");
        let never = CancellationToken::new();
        let (reason, ..) = unreachable(controller.ssh.key_login(&named("lab"), None, &never).await);
        assert_eq!(reason, Unreachable::HostKeyChanged, "{line}");
        assert_eq!(fs::read_to_string(controller.dir.path().join("lab")).unwrap(), text);
    }
    assert_eq!(web.logins(), 0);
    let strict = configured(&web, &at(&web, "StrictHostKeyChecking yes\n  UserKnownHostsFile ~/lab"));
    fs::write(strict.dir.path().join("lab"), format!("{name} {key}\n")).unwrap();
    strict.reach(&named("lab")).await.unwrap();
    assert!(!strict.known_hosts().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_goes_into_the_first_file_of_the_host_or_nowhere() {
    let (web, other) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let wrong = format!("[127.0.0.1]:{} {}\n", web.port(), other.public_host_key(KeyKind::Ed25519).unwrap());
    for (line, written) in [
        ("UserKnownHostsFile ~/first ~/second", Some("first")),
        ("UserKnownHostsFile none", None),
        ("UserKnownHostsFile /dev/null", None),
    ] {
        let controller = configured(&web, &at(&web, line));
        controller.know(&wrong);
        let never = CancellationToken::new();
        let welcome = controller.ssh.key_login(&named("lab"), None, &never).await.unwrap();
        assert_eq!(welcome.host_key, HostKeyState::New);
        assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), wrong, "{line}");
        assert!(!controller.dir.path().join("second").exists());
        let Some(written) = written else { continue };
        let file = controller.dir.path().join(written);
        let known = web.known_hosts_line("127.0.0.1").unwrap() + "\n";
        assert_eq!(fs::read_to_string(&file).unwrap(), known);
        // It is forgotten there, and wherever else the user has it.
        fs::write(controller.dir.path().join("second"), &known).unwrap();
        let forgotten = controller.ssh.forget(&named("lab"), &[]).unwrap();
        assert_eq!((forgotten.lines, forgotten.file), (2, file.clone()));
        assert_eq!(fs::read_to_string(&file).unwrap(), "");
        assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), wrong);
    }
}

/// The file of the past that ssh still reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_usual_file_counts() {
    let (web, other) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = configured(&web, &at(&web, "Compression yes"));
    controller.know("");
    let wrong = other.public_host_key(KeyKind::Ed25519).unwrap();
    let second = controller.dir.path().join("ssh/known_hosts2");
    fs::write(&second, format!("[127.0.0.1]:{} {wrong}\n", web.port())).unwrap();
    let (reason, detail, _) = unreachable(controller.reach(&named("lab")).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    assert!(detail.contains("known_hosts2 line 1"), "{detail}");
    assert_eq!(controller.ssh.forget(&named("lab"), &[]).unwrap().lines, 1);
    controller.reach(&named("lab")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_another_spelling_is_the_one_on_record() {
    let (web, other) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let text = at(&web, "Compression yes").replace("127.0.0.1", "127.1");
    let controller = configured(&web, &text);
    let wrong = other.public_host_key(KeyKind::Ed25519).unwrap();
    controller.know(&format!("[127.0.0.1]:{} {wrong}\n", web.port()));
    let (reason, ..) = unreachable(controller.reach(&named("lab")).await);
    assert_eq!(reason, Unreachable::HostKeyChanged);
    controller.know("");
    controller.reach(&named("lab")).await.unwrap();
    let known = web.known_hosts_line("127.0.0.1").unwrap() + "\n";
    assert_eq!(fs::read_to_string(controller.known_hosts()).unwrap(), known);
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_keys_that_are_too_short_are_not_taken() {
    let web = Sshd::builder().host_keys(&[KeyKind::Rsa]).start().unwrap();
    let controller = configured(&web, &at(&web, "RequiredRSASize 8192"));
    let (reason, detail, hint) = unreachable(controller.reach(&named("lab")).await);
    assert_eq!(reason, Unreachable::Protocol);
    assert!(
        detail.contains("its RSA host key has 2048 bits; RequiredRSASize asks for at least 8192")
            && hint.contains("ssh-keygen"),
        "{detail}: {hint}"
    );
    assert_eq!((web.logins(), controller.known_hosts().exists()), (0, false));
    let controller = configured(&web, &at(&web, "RequiredRSASize 1024"));
    controller.reach(&named("lab")).await.unwrap();
}

/// A block for `lab`, which leads to this sshd.
fn at(sshd: &Sshd, more: &str) -> String {
    format!("Host lab\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  {more}\n", sshd.port(), sshd.user())
}
