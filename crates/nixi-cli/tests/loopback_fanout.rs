//! Many nodes in one command: hosts of their own on 127.0.0.0/8 behind one sshd, and addresses where nobody answers.
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

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use common::{Home, Ran};
use nixi_lab::{BlackHole, Sshd};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const FOR_EVER: &str = "1h";

/// Nodes `web-1` and so on, all of which are one machine, those that are monitored, which are another, and what else the
/// configuration holds.
struct Fleet {
    home: Home,
    sshd: Sshd,
    watched: Sshd,
    hole: BlackHole,
}

/// A node as the configuration has it.
fn node(name: &str, address: &str, port: u16, more: &str) -> String {
    format!("[[nodes]]\nname = \"{name}\"\nhost = \"{address}\"\nport = {port}\n{more}\n")
}

impl Fleet {
    /// The nodes in the order of these words: `web-N` answers, `mon-N` does and is monitored, `hole-N` never does, and
    /// `off-N` is refused.
    fn new(names: &[String], timeout: &str) -> Self {
        let [sshd, watched] = [(), ()].map(|()| {
            // Its address stands in what commands get of the login's environment.
            let rc = "set -- $SSH_CONNECTION\nexport PATH=$PATH:/at/$3/\n";
            let sshd = Sshd::builder().every_loopback_address().shell_rc(rc).start().unwrap();
            sshd.stub_programs().unwrap();
            sshd.container("a", "docker.io/library/nginx:1", true).unwrap();
            sshd.unit("nginx.service", "active").unwrap();
            sshd
        });
        let hole = BlackHole::on_every_loopback_address().unwrap();
        let keys = [&sshd, &watched].map(Sshd::identity);
        let mut config = format!("[ssh]\nconnect_timeout = \"{timeout}\"\nidentity = {keys:?}\n");
        for (at, name) in names.iter().enumerate() {
            let address = format!("127.0.{}.{}", 1 + at / 250, 1 + at % 250);
            let login = format!("user = \"{}\"", sshd.user());
            config.push_str(&match name.split('-').next().unwrap() {
                "web" => node(name, &address, sshd.port(), &format!("{login}\ntags = [\"web\"]")),
                "mon" => node(
                    name,
                    &address,
                    watched.port(),
                    &format!("{login}\nmode = \"monitored\"\ntags = [\"web\"]"),
                ),
                "hole" => node(name, &address, hole.port(), ""),
                _ => node(name, &address, 1, ""),
            });
        }
        Self { home: Home::with_config(&config), sshd, watched, hole }
    }

    fn of(names: &[&str], timeout: &str) -> Self {
        Self::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), timeout)
    }

    /// A machine whose `systemctl restart` never ends on the node with this address, once it says that it has begun.
    fn restart_hangs_on(&self, address: &str) {
        let stubs = self.sshd.stub_dir();
        std::fs::rename(stubs.join("systemctl"), stubs.join("systemctl-real")).unwrap();
        let script = format!(
            "#!/bin/sh\ncase \"$1 $PATH\" in restart*\"/at/{address}/\"*) : >\"$HOME/begun\"; exec sleep 600;; esac\n\
             exec systemctl-real \"$@\"\n"
        );
        self.sshd.stub("systemctl", &script).unwrap();
    }

    fn has_begun(&self) -> bool {
        self.sshd.home().join("begun").exists()
    }
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

fn nodes(document: &Value) -> Vec<(&str, &str)> {
    let results = document["results"].as_array().unwrap().iter();
    results.map(|result| (result["node"].as_str().unwrap(), result["status"].as_str().unwrap())).collect()
}

fn piped(fleet: &Fleet, args: &[&str]) -> Child {
    fleet.home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn what_nodes_say_alike_is_shown_once_and_what_fails_hides_nothing() {
    let fleet = Fleet::of(&["web-1", "web-2", "off-1", "web-3", "mon-1"], "20s");
    let ran = fleet.home.nixi(&["call", "container.list", "--node", "web-*,off-1,mon-1"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("unreachable: container.list on off-1:"), "{ran:?}");
    assert_eq!(ran.err.lines().last(), Some("done 4 · unreachable 1"), "{ran:?}");
    // However they came: each of them stands in one heading, and what they say is there once.
    let headings: Vec<&str> =
        ran.out.lines().filter(|line| line.contains("web-") || line.contains("mon-")).collect();
    let named: Vec<String> = headings
        .iter()
        .flat_map(|line| nixi_core::names::expand(line.split(':').next().unwrap()).unwrap())
        .collect();
    let mut sorted = named.clone();
    sorted.sort();
    assert_eq!(sorted, ["mon-1", "web-1", "web-2", "web-3"], "{ran:?}");
    assert_eq!(ran.out.matches("docker.io/library/nginx:1").count(), 1, "{ran:?}");

    let ran = fleet.home.nixi(&["call", "container.list", "--node", "web-1"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "one node needs no recap: {ran:?}");
    let ran = fleet.home.nixi(&["-q", "call", "container.list", "--node", "web-[1-2]"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let ran = fleet.home.nixi(&["list containers", "--node", "web-[1-2]"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "done 2\n"), "words are answered alike: {ran:?}");
}

#[test]
fn the_document_has_the_nodes_in_the_order_of_the_words() {
    let fleet = Fleet::of(&["web-1", "off-1", "web-2", "mon-1"], "20s");
    for (words, expected) in [
        (&["--node", "web-2,all"][..], &["web-2", "local", "web-1", "off-1", "mon-1"][..]),
        (&["--node", "@web", "--node", "off-1,web-1"], &["web-1", "web-2", "mon-1", "off-1"]),
        (&["--node", "web-[2,1]"], &["web-2", "web-1"]),
        (&["--node", "?o?-?,*-1"], &["mon-1", "web-1", "off-1"]),
    ] {
        let (_, document) = fleet.home.json(&[&["call", "clock.now"][..], words].concat());
        let got: Vec<&str> = nodes(&document).into_iter().map(|(node, _)| node).collect();
        assert_eq!(got, expected, "{words:?}");
    }
    for (word, message, hint) in [
        ("wbe-*", "no node matches \"wbe-*\"", "\"web-"),
        ("web-[1-3]", "there is no node \"web-3\"", "\"web-"),
        ("@wbe", "no node has the tag \"wbe\"", "\"web\""),
    ] {
        let before = fleet.sshd.logins();
        let (code, document) = fleet.home.json(&["call", "clock.now", "--node", "web-1", "--node", word]);
        assert_eq!((code, &document["error"]["kind"]), (2, &json!("unknown_node")), "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains(message), "{document}");
        assert!(document["error"]["hint"].as_str().unwrap().contains(hint), "{document}");
        assert_eq!(fleet.sshd.logins(), before, "nothing of the call runs");
    }
}

#[test]
fn a_change_refuses_monitored_nodes_singly_and_goes_on() {
    let fleet = Fleet::of(&["mon-1", "web-1", "off-1", "web-2", "mon-2"], "20s");
    let call = ["call", "service.restart", "names=nginx", "--yes", "--node", "@web,off-1"];
    let (code, document) = fleet.home.json(&call);
    assert_eq!(code, 4, "{document}");
    assert_eq!(
        nodes(&document),
        [
            ("mon-1", "refused"),
            ("web-1", "done"),
            ("web-2", "done"),
            ("mon-2", "refused"),
            ("off-1", "unreachable")
        ]
    );
    let restarts = || fleet.sshd.ran().iter().filter(|line| line.contains("restart")).count();
    assert_eq!(restarts(), 2, "{:?}", fleet.sshd.ran());
    let ran = fleet.home.nixi(&[&call[..4], &["--node", "mon-*,web-1"]].concat());
    assert_eq!(ran.code, 3, "{ran:?}");
    for node in ["mon-1", "mon-2"] {
        assert!(ran.err.contains(&format!("refused: service.restart on {node}:")), "{ran:?}");
    }
    assert!(ran.out.contains("web-1:\ndone: "), "{ran:?}");
    assert_eq!(ran.err.lines().last(), Some("done 1 · refused 2"), "{ran:?}");

    let ran = fleet.home.nixi(&["call", "service.restart", "names=nginx", "--dry-run", "--node", "@web"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(ran.out.matches("would restart").count(), 2, "{ran:?}");
    assert!(ran.err.contains("Plan for web-1") && ran.err.contains("Plan for web-2"), "{ran:?}");
    assert_eq!(restarts(), 3, "{:?}", fleet.sshd.ran());
}

/// Results come while one node still keeps silent, and the interruption tells about it.
#[test]
fn who_answers_is_shown_before_who_does_not() {
    let fleet = Fleet::of(&["hole-1", "web-1", "off-1", "web-2"], FOR_EVER);
    let mut child = piped(&fleet, &["call", "container.list", "--node", "hole-1,web-*,off-1"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut seen = String::new();
    while !(seen.contains("web-1") || seen.contains("web-[1-2]"))
        || !seen.contains("docker.io/library/nginx:1")
    {
        assert_ne!(out.read_line(&mut seen).unwrap(), 0, "{seen}");
    }
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("unreachable: container.list on off-1:") {
        assert_ne!(err.read_line(&mut told).unwrap(), 0, "{told}");
    }
    // The other one may not have been shown yet.
    while !(seen.contains("web-2") || seen.contains("web-[1-2]")) {
        assert_ne!(out.read_line(&mut seen).unwrap(), 0, "{seen}");
    }
    interrupt(&child);
    err.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("\ndone: container.list on web-[1-2]\n"), "{told}");
    assert!(told.contains("\nnot started: container.list on hole-1\n"), "{told}");
    assert!(told.ends_with("\ndone 2 · not started 1 · unreachable 1\nerror: interrupted\n"), "{told}");
}

#[test]
fn an_interrupted_change_tells_what_is_known_of_every_node() {
    let fleet = Fleet::of(&["web-1", "web-2", "mon-1", "web-3", "web-4"], "20s");
    fleet.restart_hangs_on("127.0.1.2");
    let call = ["call", "service.restart", "names=nginx", "--yes", "--node", "web-1,web-2,mon-1,web-3,web-4"];
    let begun = |call: &[&str]| {
        let child = piped(&fleet, call);
        while !fleet.has_begun() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::fs::remove_file(fleet.sshd.home().join("begun")).unwrap();
        child
    };
    let child = begun(&call);
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    for line in [
        "done: service.restart on web-1",
        "not started: service.restart on web-[3-4]",
        "refused: service.restart on mon-1",
        "unknown: service.restart on web-2",
        "done 1 · not started 2 · refused 1 · unknown 1",
    ] {
        assert!(ran.err.lines().any(|said| said == line), "{line}: {ran:?}");
    }
    assert!(ran.err.contains("hint: a change of unknown end may have happened"), "{ran:?}");
    assert!(ran.err.ends_with("error: interrupted\n"), "{ran:?}");

    let child = begun(&[&call[..], &["--json"]].concat());
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(
        nodes(&ran.document()),
        [
            ("web-1", "done"),
            ("web-2", "unknown"),
            ("mon-1", "refused"),
            ("web-3", "not_started"),
            ("web-4", "not_started")
        ]
    );
    let restarted = fleet.sshd.ran().iter().filter(|line| line.contains("restart")).count();
    assert_eq!(restarted, 2, "web-1 twice, and no other: {:?}", fleet.sshd.ran());
}

/// Nobody reads what it prints, so it cannot come to its end by itself.
#[test]
fn a_second_interruption_waits_for_nothing() {
    let fleet = Fleet::of(&["web-1", "web-2"], "20s");
    for _ in 0..300 {
        fleet.sshd.journal("nginx.service", &"x".repeat(1000)).unwrap();
    }
    let call = ["call", "log.query", "unit=nginx", "lines=300", "--node", "web-*", "-v"];
    let mut child = piped(&fleet, &call);
    wait_for(&mut BufReader::new(child.stderr.take().unwrap()), "took");
    let code = loop {
        interrupt(&child);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(code, Some(130));
}

fn wait_for(told: &mut BufReader<ChildStderr>, words: &str) {
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "it ended without {words:?}");
    }
}

/// The table of a fleet a fifth of which does not answer: every row, in its order, and nobody in the wrong half.
#[test]
fn two_hundred_nodes_of_which_forty_never_answer() {
    let names: Vec<String> =
        (0..200).map(|at| if at % 5 == 2 { format!("hole-{at}") } else { format!("web-{at}") }).collect();
    let fleet = Fleet::new(&names, "20s");
    let ran = fleet.home.nixi(&["nodes", "-q"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "HOST", "USER", "MODE", "STATUS"]);
    assert_eq!(rows[1][1], "(local)");
    let (dead, alive): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| name.starts_with("hole"));
    assert_eq!((alive.len(), dead.len()), (160, 40));
    let ends = |row: &[&str]| row[4..].join(" ");
    let listed: Vec<(&str, String)> = rows[2..].iter().map(|row| (row[0], ends(row))).collect();
    let online = alive.iter().map(|name| (name.as_str(), "online".to_owned()));
    let silent = dead.iter().map(|name| (name.as_str(), "unreachable (timeout)".to_owned()));
    assert_eq!(listed, online.chain(silent).collect::<Vec<_>>());
    assert_eq!(fleet.sshd.logins(), 160, "one login each");
}
