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

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use common::Home;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

const NODES: &str = "[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = 1\n";

/// Where a person would sit.
struct Terminal {
    person: File,
    program: File,
    seen: String,
}

impl Terminal {
    fn open() -> Self {
        let person: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        Self { person: File::from(person), program, seen: String::new() }
    }

    fn stdio(&self) -> Stdio {
        self.program.try_clone().unwrap().into()
    }

    fn wait_for(&mut self, words: &str) {
        while !self.seen.contains(words) {
            let mut bytes = [0; 4096];
            let count = self.person.read(&mut bytes).unwrap();
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    fn types(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).unwrap();
    }

    /// Standard output stays a pipe: what is asked does not depend on where the results go.
    fn run(&self, home: &Home, args: &[&str]) -> Child {
        let mut command = home.command(args);
        command.stdin(self.stdio()).stderr(self.stdio()).stdout(Stdio::piped()).spawn().unwrap()
    }
}

const QUESTION: &str = "type `yes` to go on:";

fn code(child: Child) -> i32 {
    child.wait_with_output().unwrap().status.code().unwrap()
}

#[test]
fn a_yes_behind_the_question_approves_what_was_shown() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.wait_for(QUESTION);
    assert!(terminal.seen.contains("config: remove node web ("), "{}", terminal.seen);
    terminal.types("yes\n");
    assert_eq!(code(child), 0);
    assert!(!home.config_text().contains("web"));
}

#[test]
fn what_was_typed_before_the_question_approves_nothing() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    terminal.types("yes\nyes\n");
    let child = terminal.run(&home, &["remove", "web"]);
    terminal.wait_for(QUESTION);
    terminal.types("\n");
    assert_eq!(code(child), 3);
    assert_eq!(home.config_text(), NODES);
}

/// A machine with two things to be restarted, in a home that knows it by two names.
fn two_plans() -> (Home, nixi_lab::Sshd) {
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
    (Home::with_config(&nodes), sshd)
}

/// Each long line ends with what would approve the next plan, if it were taken for its answer.
#[test]
fn what_is_left_of_one_answer_approves_no_other_plan() {
    for long in ["x".repeat(256) + "y\n", "x".repeat(300) + "\ny\ny\n", " ".repeat(256) + "y\n"] {
        let (home, sshd) = two_plans();
        let mut terminal = Terminal::open();
        let child = terminal.run(&home, &["restart nginx service on web-1 and web-2"]);
        terminal.wait_for("Apply this? [y/N]");
        terminal.types(&long);
        terminal.wait_for("Plan for web-2");
        terminal.seen = terminal.seen.split("Plan for web-2").last().unwrap().to_owned();
        terminal.wait_for("Apply this? [y/N]");
        terminal.types("\n");
        assert_eq!(code(child), 3, "{}", terminal.seen);
        assert!(!sshd.ran().iter().any(|line| line.contains("restart")), "{long:?}: {:?}", sshd.ran());
    }
}

/// The same plan twice is two questions, and each shows what it asks about.
#[test]
fn every_question_stands_below_its_plan() {
    let (home, sshd) = two_plans();
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["restart nginx service on web-1 then restart nginx service on web-1"]);
    let title = "Plan for web-1";
    for answer in ["y\n", "n\n"] {
        terminal.wait_for("Apply this? [y/N]");
        assert_eq!(terminal.seen.matches(title).count(), 1, "{}", terminal.seen);
        terminal.seen.clear();
        terminal.types(answer);
    }
    assert_eq!(code(child), 3);
    assert_eq!(sshd.ran().iter().filter(|line| line.contains("restart")).count(), 1, "{:?}", sshd.ran());
}

#[test]
fn the_end_of_the_input_is_a_no() {
    let home = Home::with_config(NODES);
    let mut terminal = Terminal::open();
    let child = terminal.run(&home, &["remove", "web", "--json"]);
    terminal.wait_for(QUESTION);
    terminal.types("\u{4}");
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
    assert!(!terminal.seen.contains("hole"), "it has an hour left: {}", terminal.seen);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
        .unwrap();
    assert_eq!(code(child), 130);
}
