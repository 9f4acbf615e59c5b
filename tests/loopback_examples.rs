//! The examples, run as a reader of them would, against real sshds on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should fail there and then, and examples are programs"
)]

mod examples;

use examples::Home;
use nixi_lab::{BlackHole, Sshd};

/// Two managed hosts and a monitored one.
struct Fleet {
    web: [Sshd; 2],
    watched: Sshd,
    home: Home,
    /// Somebody who never answers.
    _dead: BlackHole,
}

/// Nothing where there is no sshd, and that is said.
fn fleet() -> Option<Fleet> {
    if !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd; `cargo xtask test` brings it");
        return None;
    }
    let host = || {
        let sshd = Sshd::builder().record_commands().start().unwrap();
        sshd.stub_programs().unwrap();
        sshd.container("cache", "docker.io/library/busybox:1.37", true).unwrap();
        sshd.container("old", "docker.io/library/busybox:1.37", false).unwrap();
        sshd.unit("nginx.service", "active").unwrap();
        sshd
    };
    let (web, watched, dead) = ([host(), host()], host(), BlackHole::start().unwrap());
    let nodes = [
        web[0].node("web-1", "managed"),
        web[1].node("web-2", "managed"),
        watched.node("monitoring", "monitored"),
        format!("[[nodes]]\nname = \"dead\"\nhost = \"127.0.0.1\"\nport = {}\n", dead.port()),
    ];
    let home = Home::new(&nodes.concat(), "");
    Some(Fleet { web, watched, home, _dead: dead })
}

#[test]
fn fleet_status_shows_every_node_in_one_table() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("fleet_status", &["web-*,monitoring"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 4, "{ran:?}");
    for (name, mode) in [("web-1", "managed"), ("web-2", "managed"), ("monitoring", "monitored")] {
        let row = ran.row(name);
        assert!(row.contains(&format!("{mode} ")) && row.contains("online"), "{row}");
        assert!(row.contains(" GiB  ") && row.ends_with("cache, old (exited)"), "{row}");
    }
}

#[test]
fn fleet_status_tells_which_node_is_silent() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("fleet_status", &["web-1", "dead"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.row("dead").contains("unreachable (timeout)"), "{ran:?}");
    assert!(ran.row("web-1").contains("online") && ran.err.contains("dead: system.info: "), "{ran:?}");
}

#[test]
fn custom_tool_is_shown_asked_and_made_to_plan() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("custom_tool", &["web-1", "nginx"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for words in [
        "\"description\": \"The unit that serves the site; `.service` is implied\"",
        "the action site.reload is registered twice",
        "text: nginx.service is active, restarted 0 times",
        "data: {\"unit\":\"nginx.service\",\"state\":\"active\",\"restarts\":0}",
        "systemctl reload -- nginx.service",
        "Nothing was changed.",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    assert!(!reloaded(&fleet.web[0]));
}

#[test]
fn custom_tool_applies_what_was_approved() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("custom_tool", &["--yes", "web-1", "nginx"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("done: ") && reloaded(&fleet.web[0]), "{ran:?}");
}

#[test]
fn custom_tool_is_held_to_the_mode_of_the_node() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("custom_tool", &["--yes", "monitoring", "nginx"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.out.contains("nginx.service is active") && ran.err.contains("read-only"), "{ran:?}");
    assert!(!reloaded(&fleet.watched));
}

fn reloaded(sshd: &Sshd) -> bool {
    sshd.ran().iter().any(|line| line == "systemctl reload -- nginx.service")
}

#[test]
fn monitored_guard_shows_that_nothing_is_sent() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("monitored_guard", &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let refused = ran.out.lines().filter(|line| line.starts_with("  refused ")).count();
    assert!(refused >= 12, "{ran:?}");
    assert!(
        ran.out.contains(&format!("{refused} tried, 0 got through, 0 plans to approve, 0 sent")),
        "{ran:?}"
    );
    assert!(ran.out.ends_with("The guard holds.\n"), "{ran:?}");
    // By the node's own word: all that ever came is the read at the end.
    assert_eq!(fleet.watched.logins(), 1);
    assert!(fleet.watched.ran().is_empty(), "{:?}", fleet.watched.ran());
}

#[test]
fn monitored_guard_wants_a_monitored_node() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("monitored_guard", &["web-1"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("web-1 is not monitored"), "{ran:?}");
}

const WORKFLOW: [&str; 3] = [
    "stop container cache on web-1 and web-2",
    "restart nginx service on web-1 and web-2",
    "list containers on web-2",
];

#[test]
fn multi_node_deploy_runs_a_reviewed_workflow() {
    let Some(fleet) = fleet() else { return };
    let ran = fleet.home.run("multi_node_deploy", &[&["--yes"], &WORKFLOW[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out.matches("Plan for web-").count(), 4, "{ran:?}");
    assert!(ran.out.ends_with("summary: 5 done\n"), "{ran:?}");
    for sshd in &fleet.web {
        assert_eq!(sshd.container_state("cache").as_deref(), Some("exited"));
        assert!(sshd.ran().iter().any(|line| line == "systemctl restart -- nginx.service"));
    }
}

#[test]
fn multi_node_deploy_changes_nothing_that_nobody_approved() {
    let Some(fleet) = fleet() else { return };
    let unapproved = fleet.home.run("multi_node_deploy", &WORKFLOW);
    assert_eq!(unapproved.code, Some(3), "{unapproved:?}");
    let destructive = fleet.home.run("multi_node_deploy", &["--yes", "remove container cache on web-1"]);
    assert_eq!(destructive.code, Some(3), "{destructive:?}");
    assert!(destructive.err.contains("--yes=destructive"), "{destructive:?}");
    assert_eq!(fleet.web[0].container_state("cache").as_deref(), Some("running"));
}

#[test]
fn multi_node_deploy_begins_nothing_that_it_cannot_plan() {
    let Some(fleet) = fleet() else { return };
    let args = ["--yes", "stop cache on web-1", "stop cache on monitoring"];
    let ran = fleet.home.run("multi_node_deploy", &args);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("nothing was changed"), "{ran:?}");
    assert_eq!(fleet.web[0].container_state("cache").as_deref(), Some("running"));
    let ran = fleet.home.run("multi_node_deploy", &["do what is best"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
}

#[test]
fn a_wrong_command_line_is_told() {
    let Some(fleet) = fleet() else { return };
    for example in ["fleet_status", "custom_tool", "monitored_guard", "multi_node_deploy"] {
        let ran = fleet.home.run(example, &["--no-such-option"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("--no-such-option") && ran.err.contains("usage: "), "{ran:?}");
        assert_eq!(fleet.home.run(example, &["--help"]).code, Some(0));
    }
}
