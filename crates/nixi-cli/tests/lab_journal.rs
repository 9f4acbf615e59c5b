//! The journal, with real machines: what a kill leaves, what a full disk keeps from running, and what undoing brings back.
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

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{Home, Ran};
use nixi_lab::{Image, Lab, Machine, MachineSpec};
use serde_json::Value;

const WEB: &str = "web-server";

/// A unit that leaves a trace each time it starts.
const SITE: &str = "systemd.services.site = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { Type = \"oneshot\"; \
     RemainAfterExit = true; ExecStart = \"/bin/sh -c 'echo started >>/run/site'\"; }; };";

fn ground() -> (Lab, Home) {
    let lab = Lab::builder().machine(MachineSpec::new(WEB).options(SITE)).up().unwrap();
    lab.machine(WEB).wait_until_booted().unwrap();
    let home = Home::with_config(&lab.config(|_| "managed"));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

fn starts(machine: &Machine) -> usize {
    machine.read("/run/site").unwrap().matches("started").count()
}

/// All steps of the journal: whether each began, and how it ended.
fn steps(log: &Value) -> Vec<(bool, String)> {
    let of = |part: &Value| part["progress"].as_array().unwrap().clone();
    let parts =
        log["requests"].as_array().unwrap().iter().flat_map(|request| request["parts"].as_array().unwrap());
    // The first step is what restarts the unit; the others look at it.
    let first = parts.filter_map(|part| of(part).first().cloned());
    first.map(|step| (step["begun"] == true, step["status"].as_str().unwrap_or("open").to_owned())).collect()
}

fn verified(home: &Home) {
    let (code, document) = home.json(&["log", "verify"]);
    assert_eq!(
        (code, &document["results"][0]["data"]["problems"]),
        (0, &serde_json::json!([])),
        "{document}"
    );
}

/// How often the program is killed: few times in CI, often with many cases a property (`cargo xtask soak`).
fn kills() -> u32 {
    let cases: u32 = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(0);
    if cases >= 10_000 { 200 } else { 20 }
}

/// Runs it, and kills it after a while.
fn killed_after(home: &Home, args: &[&str], patience: Duration) {
    let mut child = home.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_a_kill_leaves_is_on_record() {
    let (lab, home) = ground();
    let web = lab.machine(WEB);
    let restart = ["call", "service.restart", "names=site", "--node", WEB, "--yes"];
    let begun = Instant::now();
    let whole = home.nixi(&restart);
    let usual = begun.elapsed();
    assert_eq!(whole.code, 0, "{whole:?}");
    let before = starts(web);
    let (kills, mut named) = (kills(), 0);
    for at in 0..kills {
        killed_after(&home, &restart, usual.mul_f64(1.2 * f64::from(at) / f64::from(kills)));
        verified(&home);
        assert_eq!(home.nixi(&["config", "check"]).code, 0);
        let told = home.nixi(&["call", "system.info"]).err;
        let is_open = is_open(&home);
        assert_eq!(told.contains("may have run"), is_open, "kill {at}: {told}");
        named += usize::from(is_open);
        // The node may still be at it.
        let closed = (0..50).any(|_| {
            sleep(Duration::from_millis(100));
            home.nixi(&["log"]).code == 0 && !is_unfinished(&home)
        });
        assert!(closed, "kill {at}: {}", home.nixi(&["log", "--last", "1"]).out);
        let quiet = home.nixi(&["call", "system.info"]).err;
        assert!(!quiet.contains("request"), "kill {at}: {quiet}");
    }
    verified(&home);
    let (code, log) = home.json(&["log", "--last", "1000"]);
    assert_eq!(code, 0);
    let steps = &steps(&log)[1..];
    let count = |is: fn(&(bool, String)) -> bool| steps.iter().filter(|step| is(step)).count();
    let (begun, done) = (count(|step| step.0), count(|step| step.1 == "done"));
    let ran = starts(web) - before;
    assert!(done <= ran && ran <= begun, "{done} told as done, {ran} ran, {begun} begun: {steps:?}");
    assert!(named > 0 && done > 0, "the kills hit nothing: {steps:?}");
    eprintln!("{kills} kills: {begun} steps begun, {named} named as open, {ran} ran, {done} found done");
}

/// Whether the file itself has a step that began and has not ended.
fn is_open(home: &Home) -> bool {
    let text =
        std::fs::read_to_string(home.path().join(".local/state/nixi/journal.jsonl")).unwrap_or_default();
    let count = |what: &str| text.matches(&format!("\"what\":\"{what}\"")).count();
    count("step_begun") > count("step_ended")
}

fn is_unfinished(home: &Home) -> bool {
    let (_, log) = home.json(&["log", "--last", "1000"]);
    log["requests"].as_array().unwrap().iter().any(|request| request["state"] == "begun")
}

/// The file of nodes is replaced in one step, whenever the program is killed.
#[test]
fn a_kill_leaves_the_configuration_whole() {
    let (_lab, home) = ground();
    let text = home.config_text();
    let extra = format!("{text}\n[[nodes]]\nname = \"extra\"\nhost = \"192.0.2.1\"\n");
    for at in 0..kills() {
        std::fs::write(home.config(), &extra).unwrap();
        killed_after(
            &home,
            &["remove", "extra", "--yes=destructive"],
            Duration::from_millis(u64::from(at) * 60 / u64::from(kills())),
        );
        let now = home.config_text();
        assert!(now.trim_end() == extra.trim_end() || now.trim_end() == text.trim_end(), "{now}");
        assert_eq!(home.nixi(&["config", "check"]).code, 0);
        verified(&home);
        home.nixi(&["log"]);
        assert!(!is_open(&home));
    }
}

/// Runs it where the journal's disk has no room left.
fn without_room(home: &Home, args: &[&str]) -> Ran {
    let program = home.command(args);
    let state = home.path().join(".local/state");
    std::fs::create_dir_all(&state).unwrap();
    let script = "mount -t tmpfs -o size=64k,mode=700 full \"$0\" && mkdir -m 700 \"$0/nixi\" \
                  && (head -c 1M /dev/zero >\"$0/filler\" || true) 2>/dev/null && exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", script])
        .arg(&state)
        .arg(program.get_program())
        .args(program.get_args());
    command.env_clear().current_dir(home.path()).stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap());
    }
    Ran::from(command.output().unwrap())
}

#[test]
fn without_room_for_the_journal_nothing_is_changed_and_reads_go_on() {
    let (lab, home) = ground();
    let web = lab.machine(WEB);
    let before = starts(web);
    let restart = ["call", "service.restart", "names=site", "--node", WEB, "--yes", "--json"];
    let refused = without_room(&home, &restart);
    let result = &refused.document()["results"][0];
    assert_eq!(
        (refused.code, &result["status"], &result["error"]["kind"]),
        (1, &"not_started".into(), &"journal".into()),
        "{refused:?}"
    );
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains("there is no room for") && message.contains("journal.jsonl"), "{message}");
    assert_eq!(starts(web), before);
    let read = without_room(&home, &["call", "service.status", "names=site", "--node", WEB]);
    assert_eq!(read.code, 0, "{read:?}");
    assert_eq!(home.nixi(&restart).code, 0);
    assert_eq!(starts(web), before + 1);
}

#[test]
fn what_is_undone_is_as_it_was() {
    let (lab, home) = ground();
    let web = lab.machine(WEB);
    web.import(Image::Sleeper).unwrap();
    web.run(Image::Sleeper, "sleeper").unwrap();
    let state = || {
        web.root("podman inspect --format {{.State.Status}} sleeper; systemctl is-active site || true")
            .unwrap()
    };
    let is_there = || web.root("podman container exists sleeper; echo $?").unwrap();
    let call = |action: &str, name: &str| {
        let ran = home.nixi(&["call", action, &format!("names={name}"), "--node", WEB, "--yes=destructive"]);
        assert_eq!(ran.code, 0, "{action}: {ran:?}");
    };
    let undo = || home.json(&["undo", "--yes=destructive"]);

    for (action, name) in [("container.stop", "sleeper"), ("service.stop", "site")] {
        let before = state();
        call(action, name);
        let between = state();
        assert_ne!(before, between, "{action}");
        let (code, document) = undo();
        assert_eq!((code, state()), (0, before.clone()), "{action}: {document}");
        // The other way round: what was started is stopped again.
        call(action, name);
        let start = action.replace("stop", "start");
        call(&start, name);
        let (code, document) = undo();
        assert_eq!((code, state()), (0, between), "{start}: {document}");
        call(&start, name);
    }

    for (action, name) in
        [("container.restart", "sleeper"), ("service.restart", "site"), ("container.remove", "sleeper")]
    {
        call(action, name);
        let before = (state_or_gone(web), starts(web));
        let (code, document) = undo();
        assert_eq!((code, &document["error"]["kind"]), (1, &"cannot_undo".into()), "{action}: {document}");
        assert_eq!((state_or_gone(web), starts(web)), before, "{action}");
    }
    assert_eq!(is_there(), "1");
    let known = || std::fs::read_to_string(home.path().join(".ssh/known_hosts")).unwrap();
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let before = (home.config_text(), sorted(known()));
    assert_eq!(home.nixi(&["remove", WEB, "--yes=destructive"]).code, 0);
    assert!(!home.config_text().contains(WEB) && !known().contains(&web.address().to_string()));
    let by_hand = home.nixi(&["call", "node.restore", "--args", "{}", "--yes=destructive"]);
    assert_eq!(by_hand.code, 2, "{by_hand:?}");
    let (code, document) = undo();
    assert_eq!((code, (home.config_text(), sorted(known()))), (0, before), "{document}");
    assert_eq!(home.nixi(&["call", "clock.now", "--node", WEB]).code, 0);
    verified(&home);
}

fn state_or_gone(machine: &Machine) -> String {
    machine.root("podman inspect --format {{.State.StartedAt}} sleeper 2>&1 || true").unwrap()
}
