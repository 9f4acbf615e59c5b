//! The question on a real terminal: a pty whose other end is the test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use common::Home;
use common::model::{calls, model, words};
use common::terminal::{Terminal, code};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::json;

const NODES: &str = "[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n";

const QUESTION: &str = "type `yes` to go on:";

#[test]
fn a_terminal_that_draws_nothing_gets_a_pointer_and_no_command() {
    let home = Home::with_config(NODES);
    for term in [Some("dumb"), Some(""), None, Some("unknown"), Some("emacs"), Some("dumb-emacs-ansi")] {
        let mut terminal = Terminal::open();
        let mut command = home.command(&[]);
        command.stdin(terminal.stdio()).stderr(terminal.stdio()).stdout(terminal.stdio());
        term.map(|term| command.env("TERM", term));
        let child = command.spawn().unwrap();
        let seen = terminal.takes("nixi --help");
        assert_eq!(code(child), 2, "{term:?}: {seen}");
        assert!(
            seen.contains("cannot show the terminal UI") && seen.contains("nixi nodes"),
            "{term:?}: {seen}"
        );
        assert!(!seen.contains('\u{1b}'), "{term:?}: {seen:?}");

        // Typed commands write none either.
        let mut command = home.command(&["nodes", "--no-probe"]);
        command.stdin(terminal.stdio()).stderr(terminal.stdio()).stdout(terminal.stdio());
        term.map(|term| command.env("TERM", term));
        terminal.seen.clear();
        let child = command.spawn().unwrap();
        let seen = terminal.takes("web");
        assert_eq!(code(child), 0, "{term:?}: {seen}");
        assert!(!seen.contains('\u{1b}'), "{term:?}: {seen:?}");
    }
}

/// The line that tells how far it is can be taken away again on a terminal that draws, and on no other.
#[test]
fn a_line_that_is_written_over_is_shown_where_the_terminal_draws() {
    // It takes a connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let home = Home::with_config(&format!(
        "[ssh]\nconnect_timeout = \"2s\"\n[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = {port}\n"
    ));
    for (term, draws) in [(Some("xterm"), true), (None, false), (Some(""), false), (Some("emacs"), false)] {
        let mut terminal = Terminal::open();
        let mut command = home.command(&["nodes"]);
        command.stdin(terminal.stdio()).stderr(terminal.stdio()).stdout(terminal.stdio());
        term.map(|term| command.env("TERM", term));
        let child = command.spawn().unwrap();
        let seen = terminal.takes("unreachable");
        assert_eq!(seen.contains("waiting for 1 of 2: web"), draws, "{term:?}: {seen:?}");
        assert_eq!(seen.contains('\u{1b}'), draws, "{term:?}: {seen:?}");
        code(child);
    }
}

#[test]
fn what_a_model_takes_back_is_told_where_it_was_shown() {
    for (json, is_told) in [(false, true), (true, false)] {
        let answer = words(&["Okay, I should", " answer.\n</think>\n\nIt is noon."]);
        let (home, answering) = model("", vec![answer]);
        let mut terminal = Terminal::open();
        let args: &[&str] = if json { &["is it late yet", "--json"] } else { &["is it late yet"] };
        let child = terminal.run_whole(&home, args);
        let seen = terminal.takes("It is noon.");
        answering.join().unwrap();
        assert_eq!(code(child), 0, "{seen}");
        let remark = "(The text above was the model's thinking, not its answer.)";
        assert_eq!(seen.contains(remark), is_told, "{seen}");
    }
}

#[test]
fn a_yes_behind_the_question_approves_what_was_shown() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.wait_for(QUESTION);
    assert!(terminal.seen.contains("config: remove node web ("), "{}", terminal.seen);
    terminal.answers("yes\n");
    assert_eq!(code(child), 0);
    assert!(!home.config_text().contains("web"));
}

#[test]
fn a_plan_too_long_for_the_screen_says_above_its_question_what_it_is_about() {
    for (rows, is_told_again) in [(24, false), (6, true)] {
        let home = Home::with_config(NODES);
        let mut terminal = Terminal::of_rows(rows);
        let child = terminal.run(&home, &["remove", "web", "--color=never"]);
        let asked = terminal.takes(QUESTION);
        let end: Vec<&str> = asked.lines().rev().take(6).collect();
        assert!(end[0].starts_with("Apply this? It is destructive"), "{asked}");
        assert_eq!(end[1] == "  risk      destructive", is_told_again, "{asked}");
        if is_told_again {
            assert_eq!(end[2], "  asked by  you", "{asked}");
            assert_eq!(end[3], "  steps     2 (listed above)", "{asked}");
            assert_eq!(end[4..], ["  node      local (this machine)", "Summary"], "{asked}");
        }
        terminal.answers("no\n");
        assert_eq!(code(child), 3);
    }
}

#[test]
fn what_was_typed_before_the_question_approves_nothing() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    terminal.types("yes\nyes\n");
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.wait_for(QUESTION);
    terminal.answers("\n");
    assert_eq!(code(child), 3);
    assert_eq!(home.config_text(), NODES);
}

#[test]
fn what_comes_together_with_the_question_approves_nothing() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.takes(QUESTION);
    terminal.types("yes\n");
    terminal.takes("was ignored");
    terminal.takes(QUESTION);
    assert_eq!(home.config_text(), NODES);
    terminal.answers("yes\n");
    assert_eq!(code(child), 0);
    assert!(!home.config_text().contains("web"));
}

/// A machine with two things to be restarted, in a home that knows it by two names.
fn two_plans() -> (Home, nixi_lab::Sshd) {
    let (nodes, sshd) = two_names();
    (Home::with_config(&nodes), sshd)
}

fn two_names() -> (String, nixi_lab::Sshd) {
    let sshd = nixi_lab::Sshd::start().unwrap();
    sshd.stub_programs().unwrap();
    sshd.unit("nginx.service", "active").unwrap();
    let mut nodes = String::new();
    for name in ["web-1", "web-2"] {
        nodes.push_str(&format!(
            "[[nodes]]\nname = \"{name}\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nidentity = \"{}\"\n",
            sshd.port(),
            sshd.user(),
            sshd.identity().display()
        ));
    }
    (nodes, sshd)
}

/// Each long line ends with what would approve the next plan, if it were taken for its answer.
#[test]
fn what_is_left_of_one_answer_approves_no_other_plan() {
    for long in ["x".repeat(256) + "y\n", "x".repeat(300) + "\ny\ny\n", " ".repeat(256) + "y\n"] {
        let (nodes, sshd) = two_names();
        let turns = vec![calls(&[restart_on("web-1")]), calls(&[restart_on("web-2")]), words(&["Well."])];
        let (home, answering) = model(&nodes, turns);
        let mut terminal = Terminal::open();
        let child = terminal.run_whole(&home, &["please tidy my web servers up"]);
        terminal.takes("Apply this? [y/N]");
        terminal.answers(&long);
        terminal.takes("Plan for web-2");
        terminal.takes("Apply this? [y/N]");
        terminal.answers("\n");
        assert_eq!(code(child), 3, "{}", terminal.seen);
        answering.join().unwrap();
        assert!(!sshd.ran().iter().any(|line| line.contains("restart")), "{long:?}: {:?}", sshd.ran());
    }
}

const WHOLE: &str = "Apply all of this? [y/N, or the parts to keep, as 1,3]";

/// All changes of a request are one question; the parts that a person keeps are asked about by themselves.
#[test]
fn a_request_is_one_question_and_its_parts_can_be_kept() {
    let (home, sshd) = two_plans();
    let mut terminal = Terminal::open();
    let request = "restart nginx service on web-1 then restart nginx service on web-2 and web-1";
    let child = terminal.run(&home, &[request, "--color=never"]);
    let asked = terminal.takes(WHOLE);
    let titles: Vec<&str> =
        asked.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect();
    let words = |at: usize, node: &str| format!("{at}. {node} (");
    assert_eq!(titles.len(), 3, "{asked}");
    for (at, (title, node)) in titles.iter().zip(["web-1", "web-2", "web-1"]).enumerate() {
        assert!(title.starts_with(&words(at + 1, node)), "{asked}");
    }
    assert!(asked.contains("Plan: 3 changes on 2 nodes"), "{asked}");
    terminal.answers("2\n");
    let asked = terminal.takes("Apply this? [y/N]");
    assert_eq!(
        (asked.matches("Plan for web-2 (").count(), asked.matches("web-1 (").count()),
        (1, 0),
        "{asked}"
    );
    terminal.answers("y\n");
    assert_eq!(code(child), 3, "the others were declined");
    assert_eq!(sshd.ran().iter().filter(|line| line.contains("restart")).count(), 1, "{:?}", sshd.ran());
}

const WHICH: &str = "Which one is meant? Type 1 or 2, or Enter for none:";

/// A bare name that a container and a unit have is asked about; a change that was meant is asked about once more.
#[test]
fn a_person_says_which_of_two_things_is_meant() {
    let (home, sshd) = two_plans();
    sshd.container("nginx", "docker.io/library/nginx", true).unwrap();
    for (answer, command, end) in [
        ("2\n", &["status of nginx on web-1"][..], 0),
        ("unit\n", &["status of nginx on web-1", "--yes"], 0),
        ("\n", &["status of nginx on web-1"], 5),
        ("y\n", &["stop nginx on web-1", "--yes=destructive"], 5),
    ] {
        let mut terminal = Terminal::open();
        let child = terminal.run(&home, command);
        let asked = terminal.takes(WHICH);
        assert!(asked.contains("── Nixi asks ─"), "{asked}");
        assert!(asked.contains("nginx can mean a unit or a container on web-1") || end == 5, "{asked}");
        terminal.answers(answer);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(end), "{answer:?} {command:?}: {}", terminal.seen);
    }
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["stop nginx on web-1"]);
    let asked = terminal.takes(WHICH);
    assert!(asked.contains("  2. unit       nixi call service.stop names=nginx --node web-1"), "{asked}");
    terminal.answers("2\n");
    terminal.wait_for("Apply this? [y/N]");
    terminal.answers("n\n");
    assert_eq!(code(child), 3);
    assert!(!sshd.ran().iter().any(|line| line.contains(" stop ")), "{:?}", sshd.ran());
}

const TYPE_IT: &str = "Type it (nothing is shown), or Enter to give none: ";

fn deploy() -> [&'static str; 6] {
    ["container.deploy", "name=my-app", "image=my-app:1", "secrets=DB_PASSWORD=@ask", "--node", "web-1"]
}

/// Whether the terminal shows what is typed.
fn echoes(terminal: &Terminal) -> bool {
    tcgetattr(&terminal.program).unwrap().local_modes.contains(LocalModes::ECHO)
}

/// It is typed once the question stands, shown at no time, and in nothing that is printed; afterwards the terminal is as it was.
#[test]
fn a_secret_is_typed_without_being_shown() {
    let (home, sshd) = two_plans();
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &[&["call", "--json", "-v"][..], &deploy()].concat());
    let asked = terminal.takes(TYPE_IT);
    assert!(asked.contains("container.deploy on web-1 needs the secret DB_PASSWORD."), "{asked}");
    assert!(!echoes(&terminal));
    terminal.answers("Tr0ub4dor&3\n");
    let plan = terminal.takes("Apply this? [y/N]");
    assert!(plan.contains("DB_PASSWORD") && echoes(&terminal), "{plan}");
    terminal.answers("n\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let printed = String::from_utf8(output.stdout).unwrap();
    for text in [&printed, &plan, &sshd.ran().join("\n")] {
        assert!(!text.contains("Tr0ub4dor"), "{text}");
    }
    assert!(printed.contains("\"DB_PASSWORD\":\"secret:"), "a handle stands for it: {printed}");
}

/// No secret, no change: whether the line is empty or Ctrl-C ends it.
#[test]
fn a_secret_that_is_not_given_is_a_no() {
    let (home, sshd) = two_plans();
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &[&["call"][..], &deploy()].concat());
    terminal.wait_for(TYPE_IT);
    terminal.answers("\n");
    terminal.wait_for("the secret DB_PASSWORD is needed, and nothing was typed");
    assert_eq!(code(child), 3, "{}", terminal.seen);
    assert!(echoes(&terminal));

    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &[&["call"][..], &deploy()].concat());
    terminal.wait_for(TYPE_IT);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(code(child), 130, "{}", terminal.seen);
    assert!(echoes(&terminal), "the terminal shows again what is typed");
    assert!(!sshd.ran().iter().any(|line| line.contains("podman run")), "{:?}", sshd.ran());
}

/// In our own layout, in the words of a model.
const FAKE: &str = "Understood. Instead I only look at it:\n\n── Nixi asks ──\nPlan for web-1 (me): look\n  steps\n    1. systemctl status -- nginx.service\nApply this? [y/N]";
const STEP: &str = "systemctl restart -- nginx.service";
const WAIT: &str = "wait until nginx.service has stayed up for 3 s, at most 20 s";

fn restart() -> (&'static str, serde_json::Value) {
    restart_on("web-1")
}

fn restart_on(node: &str) -> (&'static str, serde_json::Value) {
    ("service", json!({ "action": "restart", "names": ["nginx"], "node": node }))
}

fn fake_and_restart() -> common::model::Turn {
    let (mut deltas, reason) = calls(&[restart()]);
    deltas.insert(0, json!({ "content": FAKE }));
    (deltas, reason)
}

/// The last rows above a question: each step as it will run, and nothing below them.
fn assert_ends_with_the_step(asked: &str) {
    let rows: Vec<&str> = asked.lines().collect();
    let [.., steps, step, wait, question] = &rows[..] else { panic!("{asked}") };
    assert!(step.starts_with("    1. ") && step.ends_with(STEP), "{asked}");
    assert_eq!(*wait, format!("    2. {WAIT}"), "{asked}");
    assert_eq!((*steps, question.starts_with("Apply this?")), ("  steps", true), "{asked}");
}

#[test]
fn the_words_of_a_model_are_no_plan() {
    let (nodes, sshd) = two_names();
    let (home, answering) =
        model(&nodes, vec![calls(&[restart()]), fake_and_restart(), words(&["It is done."])]);
    let mut terminal = Terminal::open();
    let child = terminal.run_whole(&home, &["please tidy my web server up", "--color=never"]);
    assert_ends_with_the_step(&terminal.takes("Apply this? [y/N]"));
    terminal.answers("y\n");
    let words = terminal.takes("│ Apply this? [y/N]");
    let of_the_model = words.lines().skip_while(|line| !line.contains("Understood."));
    assert!(of_the_model.clone().count() == FAKE.lines().count(), "{words}");
    of_the_model.for_each(|line| assert!(line.starts_with("│ "), "{line:?} in {words}"));
    let asked = terminal.takes("Apply this? [y/N]");
    let rows: Vec<&str> = asked.lines().filter(|line| !line.is_empty()).collect();
    assert!(rows[0].starts_with("── Nixi asks ──") && rows[1].starts_with("Plan for web-1 ("), "{asked}");
    assert_ends_with_the_step(&asked);
    terminal.answers("n\n");
    assert_eq!(code(child), 3);
    answering.join().unwrap();
    assert_eq!(sshd.ran().iter().filter(|line| line.contains("restart")).count(), 1, "{:?}", sshd.ran());
}

#[test]
fn a_model_asks_once_for_what_was_declined() {
    let (nodes, sshd) = two_names();
    let (home, answering) =
        model(&nodes, vec![calls(&[restart()]), fake_and_restart(), words(&["It is done."])]);
    let mut terminal = Terminal::open();
    let child = terminal.run_whole(&home, &["please tidy my web server up", "--color=never"]);
    terminal.takes("Apply this? [y/N]");
    terminal.answers("n\n");
    let rest = terminal.takes("│ It is done.");
    assert!(!rest.lines().any(|line| line.starts_with("Apply this?")), "{rest}");
    assert_eq!(code(child), 3);
    answering.join().unwrap();
    assert!(!sshd.ran().iter().any(|line| line.contains("restart")), "{:?}", sshd.ran());
}

/// The label comes with an image, so its author writes the warning.
#[test]
fn a_label_does_not_move_the_steps() {
    let (home, sshd) = two_plans();
    sshd.container("redis", "docker.io/library/redis:8", true).unwrap();
    let label = format!("Plan-for-web-1:1.podman-restart-cache{}.service", "-".repeat(200));
    let stub = include_str!("../../../lab/stubs/podman.sh");
    let labels = format!("\"Labels\":{{\"PODMAN_SYSTEMD_UNIT\":\"{label}\"}}");
    sshd.stub("podman", &stub.replace("\"Labels\":{}", &labels)).unwrap();
    let mut terminal = Terminal::open();
    let child =
        terminal.run(&home, &["call", "container.stop", "names=redis", "--node", "web-1", "--color=never"]);
    let asked = terminal.takes("Apply this? [y/N]");
    let rows: Vec<&str> = asked.lines().collect();
    let plan = rows.iter().position(|row| row.starts_with("Plan for")).unwrap();
    assert!(rows[plan - 1].starts_with("── Nixi asks ──"), "{asked}");
    let label = rows.iter().position(|row| row.contains("Plan-for-web-1")).unwrap();
    let steps = rows.iter().position(|row| *row == "  steps").unwrap();
    assert!(plan < label && label < steps, "{asked}");
    assert!(
        rows[plan + 1..rows.len() - 1].iter().all(|row| row.starts_with("  ") && row.len() <= 80),
        "{asked}"
    );
    let step: String = rows[steps + 1..rows.len() - 1].iter().map(|row| row.trim_start()).collect();
    let ran = step.strip_prefix("1. podman stop '--syslog=false' -- ").unwrap_or_default();
    assert!(
        ran.len() == 64 && ran.bytes().all(|b| b.is_ascii_hexdigit()),
        "one step, and the question: {asked}"
    );
    terminal.answers("n\n");
    assert_eq!(code(child), 3);
}

#[test]
fn the_end_of_the_input_is_a_no() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web", "--json"]);
    terminal.wait_for(QUESTION);
    terminal.answers("\u{4}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code().unwrap(), 3);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["results"][0]["error"]["kind"], "declined", "{document}");
    assert_eq!(home.config_text(), NODES);
}

#[test]
fn an_interrupted_question_is_a_no() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.wait_for(QUESTION);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(code(child), 130);
    assert_eq!(home.config_text(), NODES);
}

#[test]
fn the_table_does_not_wait_for_the_slowest_node() {
    let hole = nixi_lab::BlackHole::start().unwrap();
    let home = Home::with_config(&format!(
        "[ssh]\nconnect_timeout = \"1h\"\n[[nodes]]\nname = \"hole\"\nhost = \"127.0.0.1\"\nport = {}\n{NODES}",
        hole.port()
    ));
    let mut terminal = Terminal::open();
    let mut command = home.command(&["nodes"]);
    let child = command.stdout(terminal.stdio()).stderr(terminal.stdio()).spawn().unwrap();
    terminal.wait_for("unreachable (refused)");
    assert!(terminal.seen.contains("(local)"), "{}", terminal.seen);
    let row = format!("127.0.0.1:{}", hole.port());
    assert!(!terminal.seen.contains(&row), "it has an hour left: {}", terminal.seen);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(code(child), 130);
}

/// Who answers is in the table while others keep silent; those have a row as well once they are not waited for.
#[test]
fn rows_come_as_nodes_answer() {
    let sshd = nixi_lab::Sshd::start().unwrap();
    let hole = nixi_lab::BlackHole::start().unwrap();
    let mut config = String::from("[ssh]\nconnect_timeout = \"1h\"\n");
    config.push_str(&format!("[[nodes]]\nname = \"hole\"\nhost = \"127.0.0.1\"\nport = {}\n", hole.port()));
    for at in 1..=3 {
        config.push_str(&format!(
            "[[nodes]]\nname = \"web-{at}\"\nhost = \"127.0.0.{at}\"\nport = {}\nuser = \"{}\"\nidentity = \"{}\"\n",
            sshd.port(),
            sshd.user(),
            sshd.identity().display()
        ));
    }
    let home = Home::with_config(&config);
    let mut terminal = Terminal::open();
    let mut command = home.command(&["nodes"]);
    command.env("TERM", "xterm").stdin(terminal.stdio()).stderr(terminal.stdio()).stdout(terminal.stdio());
    let child = command.spawn().unwrap();
    terminal.wait_for("waiting for 1 of 5: hole");
    assert_eq!(terminal.seen.matches("online").count(), 4, "{}", terminal.seen);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    terminal.wait_for(" interrupted");
    let row = terminal.seen.lines().find(|line| line.contains("hole ") && line.contains("managed")).unwrap();
    assert!(row.contains("unprobed"), "{}", terminal.seen);
    assert_eq!(code(child), 130);
}
