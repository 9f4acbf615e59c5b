//! The command against real machines: two sshds on loopback, one managed, one monitored, and an address where nobody is.
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

use std::process::Stdio;

use common::{Home, Ran};
use nixi_lab::{BlackHole, Sshd};
use serde_json::{Value, json};

/// Two machines, both adopted, and a node at a port that nobody listens on.
struct Fleet {
    home: Home,
    web: Sshd,
    mon: Sshd,
}

fn machine() -> Sshd {
    let sshd = Sshd::builder().record_commands().start().unwrap();
    sshd.stub_programs().unwrap();
    sshd.container("a", "docker.io/library/nginx:1", true).unwrap();
    sshd.container("b", "docker.io/library/redis:7", true).unwrap();
    sshd.container("keep", "docker.io/library/postgres:16", true).unwrap();
    sshd.unit("nginx.service", "active").unwrap();
    sshd
}

fn adopt(home: &Home, name: &str, sshd: &Sshd, mode: &str) -> Ran {
    let port = sshd.port().to_string();
    let identity = sshd.identity().to_str().unwrap();
    home.nixi(&["adopt", name, sshd.host(), sshd.user(), mode, "--port", &port, "--identity", identity])
}

const MINE: &str = "# my machines\n\n[ssh]\nconnect_timeout = \"5s\"  # patience\n\n[[nodes]]\nname = \"dead\" # long gone\nhost = \"127.0.0.1\"\nport = 1\n";

impl Fleet {
    fn start() -> Self {
        let fleet = Self { home: Home::with_config(MINE), web: machine(), mon: machine() };
        let ran = adopt(&fleet.home, "web-server", &fleet.web, "managed");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("adopted web-server") && ran.out.contains(&fleet.web.fingerprint().unwrap()),
            "{ran:?}"
        );
        let ran = adopt(&fleet.home, "monitoring", &fleet.mon, "monitored");
        assert_eq!(ran.code, 0, "{ran:?}");
        fleet
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        self.home.json(args)
    }
}

fn changes(sshd: &Sshd) -> Vec<String> {
    let changing = |line: &&String| {
        ["rm", "stop", "start", "restart", "kill"].iter().any(|verb| line.split(' ').nth(1) == Some(verb))
    };
    sshd.ran().iter().filter(changing).cloned().collect()
}

/// The cell of a node behind this port.
fn host(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// It is a change like others: the journal has it, and it is taken back without a trace.
#[test]
fn an_adoption_is_taken_back() {
    let home = Home::with_config(MINE);
    let web = machine();
    let known_hosts = || std::fs::read_to_string(home.path().join(".ssh/known_hosts")).unwrap_or_default();
    assert_eq!(adopt(&home, "web-server", &web, "managed").code, 0);
    assert!(home.config_text().contains("web-server") && known_hosts().contains("ssh-ed25519"));
    let (_, log) = home.json(&["log"]);
    let request = &log["requests"][0];
    assert_eq!((&request["state"], &request["consent"]), (&json!("ended"), &json!("typed")), "{log}");
    let ran = home.nixi(&["undo", "--yes=destructive"]);
    assert_eq!((ran.code, home.config_text().as_str(), known_hosts().as_str()), (0, MINE, ""), "{ran:?}");

    // Nor is another machine removed that has the name by now.
    assert_eq!(adopt(&home, "web-server", &web, "managed").code, 0);
    let first = home.json(&["log", "--last", "1"]).1["requests"][0]["id"].to_string();
    assert_eq!(home.nixi(&["remove", "web-server", "--yes=destructive"]).code, 0);
    let other = machine();
    assert_eq!(adopt(&home, "web-server", &other, "managed").code, 0);
    let ran = home.nixi(&["undo", &first, "--yes=destructive"]);
    assert!(ran.code == 1 && ran.err.contains("by now, and no longer"), "{ran:?}");
    assert_eq!(home.nixi(&["remove", "web-server", "--yes=destructive"]).code, 0);

    // A key that was there before is not taken away.
    let line = web.known_hosts_line(web.host()).unwrap() + "\n";
    std::fs::write(home.path().join(".ssh/known_hosts"), &line).unwrap();
    assert_eq!(adopt(&home, "web-server", &web, "managed").code, 0);
    let ran = home.nixi(&["undo", "--yes=destructive"]);
    assert_eq!((ran.code, known_hosts()), (1, line), "{ran:?}");
    assert!(ran.err.contains("its host key was known before"), "{ran:?}");
}

#[test]
fn the_pages_table_and_the_pages_questions() {
    let fleet = Fleet::start();
    let ran = fleet.home.nixi(&["nodes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "HOST", "USER", "MODE", "STATUS"]);
    assert_eq!(rows[1][1], "(local)");
    let user = fleet.web.user();
    let (web, monitoring) = (host(fleet.web.port()), host(fleet.mon.port()));
    assert_eq!(rows[2], ["web-server", &web, user, "managed", "online"]);
    assert_eq!(rows[3], ["monitoring", &monitoring, user, "monitored", "online"]);
    assert_eq!(rows[4], ["dead", "127.0.0.1:1", "nixi", "managed", "unreachable", "(refused)"]);
    assert!(ran.err.contains("dead:"), "{ran:?}");

    let (code, table) = fleet.json(&["nodes"]);
    assert_eq!(code, 0);
    let names: Vec<_> = table["nodes"].as_array().unwrap().iter().skip(1).map(|row| &row["name"]).collect();
    assert_eq!(names, ["dead", "web-server", "monitoring"], "the order of the file");
    assert_eq!(table["nodes"][1]["reason"], "refused");
    assert_eq!(table["nodes"][2]["port"], fleet.web.port());

    for node in ["web-server", "monitoring"] {
        let (code, document) = fleet.json(&[&format!("show me system info for {node}")]);
        let result = &document["results"][0];
        assert_eq!(
            (code, &result["tool"], &result["node"]),
            (0, &json!("system.info"), &json!(node)),
            "{document}"
        );
        let (code, document) = fleet.json(&["call", "service.list", "--node", node]);
        assert_eq!(code, 0, "{document}");
        assert!(document["results"][0]["data"].to_string().contains("nginx.service"), "{document}");
        let ran = fleet.home.nixi(&[&format!("list containers on {node}")]);
        assert!(ran.code == 0 && ran.out.contains("keep"), "{ran:?}");
    }
    let (code, document) = fleet.json(&["call", "clock.now", "--node", "all"]);
    assert_eq!(code, 4, "one of them is dead");
    assert_eq!(document["results"].as_array().unwrap().len(), 4);
}

#[test]
fn a_change_needs_an_approval_and_does_what_was_shown() {
    let fleet = Fleet::start();
    let call = ["call", "container.remove", "names=a,b", "--node", "web-server"];
    let (code, document) = fleet.json(&call);
    let result = &document["results"][0];
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        (&result["status"], &result["error"]["kind"]),
        (&json!("declined"), &json!("approval_required"))
    );
    assert_eq!(result["plan"]["node"], "web-server");
    assert_eq!(result["plan"]["host_key"], fleet.web.fingerprint().unwrap());
    let lines = |plan: &Value| -> Vec<String> {
        let steps = plan["steps"].as_array().unwrap().iter();
        steps.map(|step| step["line"].as_str().unwrap().to_owned()).collect()
    };
    let shown = lines(&result["plan"]);
    assert!(!shown.is_empty());
    assert_eq!(fleet.home.nixi(&[&call[..], &["--yes"]].concat()).code, 3, "it destroys");
    let (code, document) = fleet.json(&[&call[..], &["--dry-run", "--yes=destructive"]].concat());
    assert_eq!((code, &document["results"][0]["status"]), (0, &json!("not_started")));
    assert_eq!(changes(&fleet.web), Vec::<String>::new(), "nothing ran");
    let ran = fleet.home.nixi(&call);
    for step in &shown {
        assert!(ran.err.contains(step), "{step}: {ran:?}");
    }

    let before = fleet.web.commands().len();
    let (code, document) = fleet.json(&[&["--yes=destructive"], &call[..]].concat());
    assert_eq!(code, 0, "{document}");
    let result = &document["results"][0];
    let ran: Vec<&str> =
        result["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(ran, shown, "what was shown, and nothing else");
    assert_eq!(shown, lines(&result["plan"]));
    let changed = changes(&fleet.web);
    assert!(!changed.is_empty() && changed.iter().all(|line| line.starts_with("podman ")), "{changed:?}");
    assert!(changed.iter().all(|line| !line.contains("keep")), "{changed:?}");
    assert_eq!(fleet.web.container_state("a"), None);
    assert_eq!(fleet.web.container_state("b"), None);
    assert_eq!(fleet.web.container_state("keep").unwrap(), "running");
    assert!(fleet.web.commands().len() >= before + shown.len());

    let ran = fleet.home.nixi(&["restart the nginx service on web-server", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(changes(&fleet.web).iter().any(|line| line.contains("restart") && line.contains("nginx")));
}

/// What a machine has heard of us: logins and commands by its sshd's own log, and what its programs were asked.
fn heard(sshd: &Sshd) -> (usize, usize, Vec<String>) {
    (sshd.logins(), sshd.execs(), sshd.ran())
}

/// The actions that change a node.
fn changing(tools: &Value) -> Vec<&Value> {
    let actions = tools["results"][0]["data"]["actions"].as_array().unwrap();
    actions.iter().filter(|action| action["access"].is_object() && action["scope"] == "node").collect()
}

fn name(action: &Value) -> &str {
    action["name"].as_str().unwrap()
}

/// Whether it acts on things that a phrase can name.
fn takes_names(action: &&&Value) -> bool {
    action["params"].as_array().unwrap().iter().any(|param| param["name"] == "names")
}

#[test]
fn a_monitored_node_hears_nothing_of_a_call_that_changes() {
    let fleet = Fleet::start();
    let (_, tools) = fleet.json(&["tools"]);
    let before = heard(&fleet.mon);
    assert!(before.0 > 0, "sshd's log knows of the login that adopted it");
    let changing = changing(&tools);
    assert!(changing.len() >= 7, "{changing:?}");
    for action in changing {
        let example = action["example"].to_string();
        let more = r#"{"names":["a","b"]}"#.to_owned();
        let all = if takes_names(&&action) { vec![example, more] } else { vec![example] };
        let action = name(action);
        for args in all {
            let args = ["call", action, "--args", &args, "--node", "monitoring", "--yes=destructive"];
            let (code, document) = fleet.json(&args);
            assert_eq!(code, 3, "{action}: {document}");
            assert_eq!(document["results"][0]["status"], "refused", "{action}: {document}");
            assert_eq!(document["results"][0]["error"]["kind"], "read_only", "{action}: {document}");
        }
    }
    assert_eq!(heard(&fleet.mon), before, "no login, and no command");
}

#[test]
fn a_monitored_node_hears_nothing_of_a_phrase_that_changes() {
    let fleet = Fleet::start();
    let (_, tools) = fleet.json(&["tools"]);
    let changing = changing(&tools);
    let phrases: Vec<String> =
        serde_json::from_value(tools["results"][0]["data"]["phrases"].clone()).unwrap();
    let mut meant: Vec<(String, String)> = Vec::new();
    for phrase in &phrases {
        let phrase = on_monitoring(phrase);
        let args = asked(&phrase, &["--dry-run"]);
        let (_, document) = fleet.json(&args.iter().map(String::as_str).collect::<Vec<_>>());
        for result in document["results"].as_array().unwrap() {
            let tool = result["tool"].as_str().unwrap();
            if changing.iter().any(|action| name(action) == tool) {
                assert_eq!(result["node"], "monitoring", "{phrase}: {document}");
                meant.push((phrase.clone(), tool.to_owned()));
            }
        }
    }
    for action in changing.iter().filter(takes_names).map(|action| name(action)) {
        assert!(meant.iter().any(|(_, tool)| tool == action), "no phrase means {action}: {phrases:?}");
    }
    let before = heard(&fleet.mon);
    for (phrase, _) in &meant {
        let args = asked(phrase, &["--yes=destructive"]);
        let (code, document) = fleet.json(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(code, 3, "{phrase}: {document}");
        for result in document["results"].as_array().unwrap() {
            assert_eq!(result["error"]["kind"], "read_only", "{phrase}: {document}");
        }
    }
    assert_eq!(heard(&fleet.mon), before, "no login, and no command");
}

/// A phrase of the help texts, with our monitored node in place of the nodes that it names.
fn on_monitoring(phrase: &str) -> String {
    ["web-server", "db-server"]
        .iter()
        .fold(phrase.to_owned(), |phrase, node| phrase.replace(node, "monitoring"))
}

fn asked(phrase: &str, options: &[&str]) -> Vec<String> {
    let mut args = vec![phrase.to_owned(), "--offline".to_owned()];
    args.extend(options.iter().map(|option| (*option).to_owned()));
    if !phrase.contains("monitoring") {
        args.push("--node=monitoring".to_owned());
    }
    args
}

#[test]
fn who_answers_does_not_wait_behind_an_address_where_nobody_is() {
    let hole = BlackHole::start().unwrap();
    let web = machine();
    let home = Home::with_config(&format!(
        "[ssh]\nconnect_timeout = \"2s\"\n[[nodes]]\nname = \"dead\"\nhost = \"127.0.0.1\"\nport = {}\n",
        hole.port()
    ));
    assert_eq!(adopt(&home, "web-server", &web, "managed").code, 0);
    let ran = home.nixi(&["nodes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows: Vec<Vec<&str>> =
        ran.out.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((rows.len(), rows[0][1]), (3, "(local)"), "{ran:?}");
    assert_eq!(rows[1], ["web-server", &host(web.port()), web.user(), "managed", "online"]);
    assert_eq!(rows[2], ["dead", &host(hole.port()), "nixi", "managed", "unreachable", "(timeout)"]);
    assert!(ran.err.contains("dead: no answer from 127.0.0.1"), "{ran:?}");
}

#[test]
fn one_refused_node_does_not_hold_up_the_others() {
    let fleet = Fleet::start();
    let args = ["call", "container.stop", "names=a", "--node", "monitoring,web-server", "--yes=destructive"];
    let (code, document) = fleet.json(&args);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["results"][0]["status"], "refused");
    assert_eq!(document["results"][1]["status"], "done", "{document}");
    assert_eq!(fleet.web.container_state("a").unwrap(), "exited");
    assert_eq!(fleet.mon.container_state("a").unwrap(), "running");
}

#[test]
fn a_changed_host_key_stops_everything_until_it_is_adopted_anew() {
    let mut fleet = Fleet::start();
    let before = fleet.home.config_text();
    fleet.web.restart_with_new_host_keys().unwrap();
    let logins = fleet.web.logins();
    let (commands, ran_before) = (fleet.web.commands().len(), fleet.web.ran());
    for args in [
        &["call", "system.info", "--node", "web-server"][..],
        &["call", "container.remove", "names=a", "--node", "web-server", "--yes=destructive"],
    ] {
        let (code, document) = fleet.json(args);
        let result = &document["results"][0];
        assert_eq!(code, 4, "{document}");
        assert_eq!(result["error"]["kind"], "host_key_changed", "{document}");
        assert_eq!(result["status"], "unreachable");
        assert!(result["error"].to_string().contains("known_hosts"), "{document}");
    }
    let (_, table) = fleet.json(&["nodes"]);
    assert_eq!(table["nodes"][2]["reason"], "host_key_changed", "{table}");
    assert_eq!((fleet.web.logins(), fleet.web.commands().len()), (logins, commands), "nothing was sent");
    assert_eq!(fleet.web.ran(), ran_before);
    let ran = fleet.home.nixi(&["remove", "web-server", "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = adopt(&fleet.home, "web-server", &fleet.web, "managed");
    assert!(ran.code == 0 && ran.out.contains(&fleet.web.fingerprint().unwrap()), "{ran:?}");
    assert_eq!(fleet.json(&["call", "system.info", "--node", "web-server"]).0, 0);
    assert_eq!(fleet.home.config_text().len(), before.len());
}

#[test]
fn adding_and_removing_leaves_the_file_as_it_was() {
    let web = machine();
    let home = Home::with_config(MINE);
    assert_eq!(adopt(&home, "web-server", &web, "managed").code, 0);
    assert_ne!(home.config_text(), MINE);
    let again = adopt(&home, "web-server", &web, "managed");
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("there is a node web-server already"), "{again:?}");
    assert_eq!(home.nixi(&["remove", "web-server", "--yes=destructive"]).code, 0);
    assert_eq!(home.config_text(), MINE);
    let known = std::fs::read_to_string(home.path().join(".ssh/known_hosts")).unwrap_or_default();
    assert!(!known.contains(&web.port().to_string()), "{known}");
}

#[test]
fn what_cannot_be_adopted_changes_nothing() {
    let web = machine();
    let home = Home::with_config(MINE);
    let port = web.port().to_string();
    let document = |args: &[&str], code: i32, kind: &str| {
        let (got, document) = home.json(args);
        assert_eq!(got, code, "{document}");
        let error = document.pointer("/results/0/error").unwrap_or(&document["error"]).clone();
        assert_eq!(error["kind"], kind, "{document}");
        assert_eq!(home.config_text(), MINE);
        error
    };
    let stranger = nixi_lab::Key::generate(nixi_lab::KeyKind::Ed25519, &home.path().join("k"), None).unwrap();
    let identity = stranger.path().to_str().unwrap();
    let user = web.user();
    let error =
        document(&["adopt", "web", "127.0.0.1", user, "--port", &port, "--identity", identity], 4, "auth");
    assert!(error["hint"].as_str().unwrap().contains("ssh-copy-id"), "{error}");
    document(&["adopt", "web", "127.0.0.1", user, "--port", "1"], 4, "refused");
    document(&["adopt", "dead", "127.0.0.1"], 2, "node_exists");
    let known = web.identity().to_str().unwrap();
    let pin = format!("SHA256:{}", "A".repeat(43));
    let args = ["adopt", "web", "127.0.0.1", user, "--port", &port, "--identity", known, "--host-key", &pin];
    document(&args, 4, "host_key_changed");
    assert_eq!(
        home.nixi(&["adopt", "web", "127.0.0.1", user, "--port", &port, "--identity", known, "--dry-run"])
            .code,
        0
    );
    assert_eq!(home.config_text(), MINE);
}

#[test]
fn an_interruption_ends_it_with_130() {
    let hole = BlackHole::start().unwrap();
    let home = Home::with_config(&format!(
        "[ssh]\nconnect_timeout = \"1h\"\n[[nodes]]\nname = \"hole\"\nhost = \"127.0.0.1\"\nport = {}\n",
        hole.port()
    ));
    for args in [&["call", "clock.now", "--node", "hole", "-v", "--json"][..], &["nodes", "-v", "--json"]] {
        let mut child = home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It tells when it has begun, so that the signal comes in the middle.
        let mut told = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("on hole …") && !line.contains("node.list on local …") {
            line.clear();
            assert_ne!(std::io::BufRead::read_line(&mut told, &mut line).unwrap(), 0, "{args:?}");
        }
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT)
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{args:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["error"]["kind"], "cancelled", "{document}");
    }
}

#[test]
fn an_interrupted_change_is_not_called_done() {
    let fleet = Fleet::start();
    let stubs = fleet.web.stub_dir();
    std::fs::rename(stubs.join("systemctl"), stubs.join("systemctl-real")).unwrap();
    let script = "#!/bin/sh\nif [ \"$1\" = restart ]; then : >\"$HOME/begun\"; exec sleep 600; fi\nexec systemctl-real \"$@\"\n";
    fleet.web.stub("systemctl", script).unwrap();
    let call = ["call", "service.restart", "names=nginx", "--node", "web-server", "--yes", "--json"];
    let child = fleet.home.command(&call).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !fleet.web.home().join("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["kind"], "cancelled", "{document}");
    assert_eq!(document["results"][0]["status"], "unknown", "{document}");
}
