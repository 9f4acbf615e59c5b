//! The real `nixi-tui` in a real terminal (tmux), with two real sshd hosts behind it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test: it starts programs, waits for them, and says loudly what it could not do"
)]

mod panics;
#[path = "../window/mod.rs"]
mod window;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nixi_core::Scope;
use nixi_core::registry::{Access, ActionSpec};
use nixi_lab::Sshd;
use window::{PATIENCE, Window};

fn config(known_hosts: &Path) -> String {
    format!("[ssh]\nknown_hosts = \"{}\"\n", known_hosts.display())
}

fn host() -> Sshd {
    let host = Sshd::start().unwrap();
    host.stub_programs().unwrap();
    host.container("redis", "docker.io/library/redis:7", true).unwrap();
    host
}

fn adopt(window: &Window, name: &str, host: &Sshd, mode: &str) {
    let (user, port, identity) = (host.user(), host.port(), host.identity().display());
    window.say(&format!("/adopt {name} {} {user} {mode} --port {port} --identity {identity}", host.host()));
    window.sees(&format!("adopted {name} "));
}

/// What the stub podman was asked that changes something.
fn changes(host: &Sshd) -> Vec<String> {
    host.ran().into_iter().filter(|line| line.contains("podman stop") || line.contains("podman rm")).collect()
}

#[test]
fn adopt_list_ask_deny_approve_and_leave() {
    let (web, watched) = (host(), host());
    let Some(window) = Window::open(&config(&web.dir().join("known_hosts"))) else { return };
    window.start();

    adopt(&window, "web-server", &web, "managed");
    window.sees(&web.fingerprint().unwrap());
    adopt(&window, "monitoring", &watched, "monitored");
    window.sees("2 nodes");
    let written = std::fs::read_to_string(window.config()).unwrap();
    assert!(
        written.contains("name = \"web-server\"") && written.contains("mode = \"monitored\""),
        "{written}"
    );

    window.say("/nodes");
    window.sees("✓ node.list");
    let screen = window.screen();
    let row =
        |name: &str| screen.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(row("web-server").ends_with(" managed    online"), "{screen}");
    assert!(row("monitoring").ends_with(" monitored  online"), "{screen}");

    window.say("show me system info for web-server");
    window.sees("✓ web-server  system.info");
    window.sees("kernel  Linux");

    window.say("stop redis on web-server");
    window.sees("Approve this change?");
    window.sees(&web.fingerprint().unwrap());
    window.answer(&["n"], "you said no; nothing was run");
    assert_eq!(changes(&web), Vec::<String>::new());
    assert_eq!(web.container_state("redis").unwrap(), "running");

    // Typed ahead: neither the line break nor the letter approves.
    window.say("stop redis on web-server");
    window.tmux(&["send-keys", "y", "Enter"]);
    window.sees("Approve this change?");
    assert_eq!(web.container_state("redis").unwrap(), "running");
    window.answer(&["y"], "done: ");
    assert_eq!(web.container_state("redis").unwrap(), "exited");
    assert_eq!(changes(&web).len(), 1, "{:?}", web.ran());

    let before = watched.execs();
    window.tmux(&["send-keys", "C-u"]);
    window.say("stop redis on monitoring");
    window.sees("monitoring  container.stop  refused");
    assert_eq!((watched.execs(), changes(&watched)), (before, Vec::new()));

    window.say("/remove monitoring");
    window.sees("DESTRUCTIVE");
    window.answer(&["BSpace", "BSpace", "BSpace", "y", "e", "s", "Enter"], "1 node ·");
    assert!(!std::fs::read_to_string(window.config()).unwrap().contains("monitoring"));

    window.tmux(&["send-keys", "C-u"]);
    window.say("/quit");
    window.is_clean();
}

/// Phrases of the help texts that change a node, with our monitored node in place of theirs.
fn changes_on_monitoring(config: &Path) -> Vec<String> {
    let setup = nixi::Setup { config: Some(config.to_owned()), ..nixi::Setup::default() };
    let (asker, _approver) = nixi::open(&setup).unwrap();
    let registry = asker.registry();
    let is_change = |action: &str| {
        registry.spec(action).is_ok_and(|spec| spec.access != Access::Read && spec.scope == Scope::Node)
    };
    let mut meant = Vec::new();
    let mut phrases = Vec::new();
    for phrase in asker.phrases() {
        let mut phrase = ["web-server", "db-server"]
            .iter()
            .fold(phrase.to_owned(), |phrase, node| phrase.replace(node, "monitoring"));
        if !phrase.contains("monitoring") {
            phrase.push_str(" on monitoring");
        }
        let Some(calls) = asker.read_phrase(&phrase) else { continue };
        if calls.iter().any(|call| is_change(&call.action)) {
            meant.extend(calls.into_iter().flat_map(|call| [vec![call.action], call.or].concat()));
            phrases.push(phrase);
        }
    }
    // A phrase names things; it writes no files.
    let can_be_said = |spec: &&ActionSpec| is_change(&spec.name.to_string()) && spec.param("names").is_some();
    for spec in registry.specs().filter(can_be_said) {
        assert!(meant.contains(&spec.name.to_string()), "no phrase means {}: {phrases:?}", spec.name);
    }
    phrases
}

#[test]
fn a_monitored_node_hears_nothing_of_any_change() {
    let watched = host();
    let Some(window) = Window::open(&config(&watched.dir().join("known_hosts"))) else { return };
    window.start();
    adopt(&window, "monitoring", &watched, "monitored");
    let heard = || (watched.logins(), watched.execs(), watched.ran());
    let before = heard();
    assert!(before.0 > 0, "sshd's log knows of the login that adopted it");
    for phrase in changes_on_monitoring(&window.config()) {
        window.say(&phrase);
        // A password in it is not shown, and a long phrase takes several rows.
        let shown: String = phrase.split("MySecretPW").next().unwrap_or_default().chars().take(40).collect();
        let shown = shown.trim_end();
        let below = || window.screen().rsplit_once(&format!("› {shown}")).map(|(_, below)| below.to_owned());
        let begun = Instant::now();
        while !below().is_some_and(|below| below.contains("refused") && !below.contains("working")) {
            assert!(begun.elapsed() < PATIENCE, "{phrase}:\n{}", window.screen());
            assert!(!window.screen().contains("Approve this"), "{phrase}:\n{}", window.screen());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert_eq!(heard(), before, "no login, and no command");
    window.say("/quit");
    window.is_clean();
}

/// What is pasted is one line, and neither a line break nor a letter in it answers or submits anything.
#[test]
fn a_paste_of_many_lines_is_one_line() {
    let Some(window) = Window::open("[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n") else {
        return;
    };
    window.start();
    let paste = |text: &str| {
        window.tmux(&["set-buffer", text]);
        window.tmux(&["paste-buffer", "-p"]);
    };
    paste("/remove\nweb");
    window.sees("/remove web");
    assert!(!window.screen().contains("DESTRUCTIVE"));
    window.key("Enter");
    window.sees("type yes and Enter to approve");
    std::thread::sleep(Duration::from_millis(600));
    paste("yes\n");
    // The window changes its size while it is asked, down to one where nothing can be read.
    for (width, height) in [("1", "1"), ("20", "5"), ("200", "60"), ("80", "24")] {
        window.tmux(&["resize-window", "-x", width, "-y", height]);
        std::thread::sleep(Duration::from_millis(200));
    }
    window.sees("type yes and Enter to approve");
    assert!(!window.screen().contains("approve, n to deny: yes"), "{}", window.screen());
    window.key("n");
    window.sees("you said no; nothing was run");
    assert!(std::fs::read_to_string(window.config()).unwrap().contains("web"));
    window.key("C-d");
    window.is_clean();
}

#[test]
fn control_c_and_signals_leave_the_terminal_clean() {
    let Some(window) = Window::open("") else { return };
    window.start();
    window.key("C-c");
    window.sees("Ctrl-C again leaves");
    window.key("C-c");
    window.is_clean();

    window.start();
    let pid = String::from_utf8(window.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout).unwrap();
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", pid.trim())).unwrap();
    let child: i32 = children.split_whitespace().next().unwrap().parse().unwrap();
    Command::new("kill").args(["-TERM", &child.to_string()]).status().unwrap();
    window.is_clean();
}

#[test]
fn a_small_window_and_a_large_one() {
    let Some(window) = Window::open("") else { return };
    window.start();
    for (width, height) in [("20", "5"), ("1", "1"), ("120", "40"), ("80", "24")] {
        window.tmux(&["resize-window", "-x", width, "-y", height]);
        std::thread::sleep(Duration::from_millis(200));
    }
    window.sees("A change is shown to you first");
    window.say("/nodes");
    window.sees("(local)");
    window.key("C-d");
    window.is_clean();
}

/// Run by itself in the window, this same test is the UI that panics.
#[test]
fn a_panic_leaves_the_terminal_clean() {
    const NAME: &str = "a_panic_leaves_the_terminal_clean";
    if std::env::var_os("NIXI_TUI_PANICS").is_some() {
        panic!("the UI ended: {}", panics::run());
    }
    let Some(window) = Window::open("") else { return };
    let this = std::env::current_exe().unwrap();
    window.run(&format!("RUST_BACKTRACE=0 NIXI_TUI_PANICS=1 {} --exact {NAME} --nocapture", this.display()));
    window.say("hello");
    window.sees("a fault of its own at \"hello\"");
    window.sees("the UI ended: a request came to a sudden end");
    window.is_clean();
}

/// A closed window or a lost connection to the controller: nothing stays behind, least of all a busy loop.
#[test]
fn it_ends_with_its_terminal() {
    let Some(window) = Window::open("") else { return };
    window.start();
    let pid = window.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout;
    let pid = String::from_utf8(pid).unwrap().trim().to_owned();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let child = children.split_whitespace().next().unwrap().to_owned();
    window.tmux(&["kill-server"]);
    let begun = Instant::now();
    while Path::new(&format!("/proc/{child}")).exists() {
        assert!(begun.elapsed() < PATIENCE, "process {child} outlives its terminal");
        std::thread::sleep(Duration::from_millis(50));
    }
}
