//! The user's own SSH configuration, as it leads to real hosts or away from them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nixi_core::{Effect, ExecError, Executor, Given, HostKeys, Jump, Mode, Node, SshTarget, Unreachable};
use nixi_lab::Sshd;
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
        (format!("Host web\n{at}Match exec \"{touch}\"\n  User root\n"), "config:5: whether `Match exec`"),
        (
            format!("Host web\n{at}  ProxyCommand {touch}; nc %h %p\n"),
            "config:5: the host is reached by a ProxyCommand",
        ),
        (format!("Host web\n{at}  CanonicalizeHostname yes\n"), "config:5: CanonicalizeHostname"),
        (format!("Host web\n{at}  ProxyJump web\n"), "leads in a circle"),
        (
            format!("Host web\n{at}Match tagged far\n  ProxyJump elsewhere\n"),
            "config:6: proxyjump stands under",
        ),
        (
            format!(
                "Host 127.0.0.*\n  ProxyCommand {touch}\nHost web\n{at}Match final host nobody\n  Port 1\n"
            ),
            "config:2: the host is reached by a ProxyCommand",
        ),
        ("Port".to_owned(), "config:1: port is given no value"),
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
    assert_eq!(answers.to_string(), new.fingerprint().unwrap());
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
