//! Logs followed on whole machines: they come as they are written, from several at once, and nothing is left behind.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::Home;
use nixi_lab::{Image, Lab, LabBuilder, Machine, MachineSpec};
use rustix::process::{Pid, Signal, kill_process};

const NODES: [&str; 3] = ["db-server", "mail-server", "web-server"];

/// More than 5,000 lines a second, which journald keeps all of.
const CHATTER: &str = r#"
  systemd.services.chatter = {
    script = "n=0; while :; do i=0; while [ $i -lt 150 ]; do i=$((i+1)); n=$((n+1)); echo \"line $n of many that are written\"; done; /run/current-system/sw/bin/sleep 0.01; done";
  };
  systemd.services.quiet = {
    wantedBy = [ "multi-user.target" ];
    script = "echo first; exec /run/current-system/sw/bin/sleep infinity";
  };
"#;

/// journald keeps all of it.
const UNLIMITED: &str = "mkdir -p /run/systemd/journald.conf.d
    printf '[Journal]\\nRateLimitIntervalSec=0\\nRateLimitBurst=0\\n' >/run/systemd/journald.conf.d/all.conf
    systemctl restart systemd-journald && systemctl start chatter";

fn ground(names: &[&str]) -> (Lab, Home) {
    let specs = names.iter().map(|name| MachineSpec::new(*name).options(CHATTER));
    let lab = specs.fold(Lab::builder(), LabBuilder::machine).up().unwrap();
    lab.machines().iter().for_each(|machine| machine.wait_until_booted().unwrap());
    let home = Home::with_config(
        &lab.config(|machine| if machine.name() == "mail-server" { "monitored" } else { "managed" }),
    );
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

fn start(home: &Home, args: &[&str]) -> Child {
    home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    send(child, Signal::INT);
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// How it ended, within a second, and what it said beside its lines.
fn ends(mut child: Child, begun: Instant) -> (i32, String) {
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(1500), "it ended after {took:?}");
    eprintln!("ended after {took:?}");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (code, said)
}

/// The memory that it has, in KiB.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn assert_nothing_follows(machine: &Machine, program: &str) {
    let gone = format!("! pgrep -f '^[^ ]*{program} .*--follow' >/dev/null");
    machine.wait_until("nothing follows", || Ok(machine.try_root(&gone)?.code == 0)).unwrap();
}

/// Three machines, as fast as they can: memory has a bound, Ctrl-C ends it, and no journalctl is left.
#[test]
fn three_machines_are_followed_at_once() {
    let (lab, home) = ground(&NODES);
    for machine in lab.machines() {
        machine.root(UNLIMITED).unwrap();
    }
    let mut child = start(
        &home,
        &["call", "service.logs", "name=chatter", "follow=true", "lines=10", "--node", &NODES.join(",")],
    );
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut counts = [0_u64; 3];
    let (begun, mut after_a_second, mut most) = (Instant::now(), None, 0);
    let run = if std::env::var_os("PROPTEST_CASES").is_some() { 60 } else { 8 };
    while begun.elapsed() < Duration::from_secs(run) {
        let line = lines.next().unwrap().unwrap();
        let at = NODES.iter().position(|node| line.starts_with(node)).unwrap_or_else(|| panic!("{line}"));
        assert!(line.contains("chatter.service: line "), "{line}");
        counts[at] += 1;
        if counts.iter().sum::<u64>() % 1000 == 0 {
            let now = memory(&child);
            if begun.elapsed() > Duration::from_secs(2) {
                after_a_second.get_or_insert(now);
            }
            most = most.max(now);
        }
    }
    eprintln!("{counts:?} lines in {run} s; {after_a_second:?} KiB after 2 s, {most} KiB at most");
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    assert!(most < after_a_second.unwrap() + 16 * 1024, "{after_a_second:?} KiB, then {most} KiB");
    let rest = std::thread::spawn(move || lines.count());
    interrupt(&child);
    let (code, said) = ends(child, Instant::now());
    assert_eq!(code, 130, "{said}");
    rest.join().unwrap();
    for machine in lab.machines() {
        assert_nothing_follows(machine, "journalctl");
        machine.root("systemctl stop chatter").unwrap();
    }
}

/// A line comes when it is written; what is quiet is stopped as well; a name that is not there is an error; a machine that goes
/// away is told.
#[test]
fn a_quiet_log_is_followed_and_ended() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    let mut child = start(&home, &["follow the logs of quiet on web-server"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("quiet"), "what is there comes first");
    web.root("systemctl restart quiet").unwrap();
    let mut line = next();
    while !line.contains("quiet.service: first") || !line.starts_with("20") {
        line = next();
    }
    interrupt(&child);
    let (code, said) = ends(child, Instant::now());
    assert_eq!((code, said.as_str()), (130, ""));
    assert_nothing_follows(web, "journalctl");

    let ran = home.nixi(&["call", "service.logs", "name=nothing", "follow=true", "--node", "web-server"]);
    assert!(ran.code == 1 && ran.err.contains("nothing"), "{ran:?}");
    let ran = home.nixi(&[
        "call",
        "service.logs",
        "name=quiet",
        "follow=true",
        "until=now",
        "--node",
        "web-server",
    ]);
    assert!(ran.code == 2 && ran.err.contains("until"), "{ran:?}");
    let ran = home.nixi(&["--dry-run", "follow the journal on web-server"]);
    assert!(ran.code == 2 && ran.err.contains("dry run"), "{ran:?}");
    let ran = home.nixi(&["follow the journal on web-server, then restart quiet service on web-server"]);
    assert!(ran.code == 2 && ran.err.contains("two requests"), "{ran:?}");

    // A reader that has seen enough ends it.
    let mut child = start(&home, &["call", "log.query", "follow=true", "--node", "web-server"]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    web.root("for n in $(seq 20); do logger again; sleep 0.05; done").unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let child = start(&home, &["call", "log.query", "follow=true", "--node", "web-server"]);
    std::thread::sleep(Duration::from_secs(2));
    web.root("systemctl kill --signal=KILL sshd.service; pkill -KILL -f '[s]shd: nixi' || true").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(1 | 4)) && said.contains("web-server"), "{said}");
}

/// Both streams of a container come as it writes them.
#[test]
fn a_container_is_followed() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    web.import(Image::Sleeper).unwrap();
    web.root("podman run --detach --log-driver k8s-file --name talker localhost/nixi-lab/sleeper:1 sh -c 'while :; do echo out; echo err >&2; sleep 0.2; done'").unwrap();
    let mut child = start(
        &home,
        &["call", "container.logs", "name=talker", "follow=true", "lines=2", "--node", "web-server"],
    );
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(12).map(Result::unwrap).collect();
    for stream in ["  out", "  err"] {
        let count = lines.iter().filter(|line| line.ends_with(stream) && line.starts_with("20")).count();
        assert!(count >= 3, "{lines:?}");
    }
    interrupt(&child);
    let (code, _) = ends(child, Instant::now());
    assert_eq!(code, 130);
    assert_nothing_follows(web, "podman");
    let ran = home.nixi(&["call", "container.logs", "name=nobody", "follow=true", "--node", "web-server"]);
    assert!(ran.code == 1 && ran.err.contains("nobody"), "{ran:?}");
}

/// A container that is quiet would never write to a pipe that nobody reads: what follows it is stopped.
#[test]
fn what_follows_a_quiet_container_goes_with_the_program() {
    let (lab, home) = ground(&["web-server"]);
    let web = lab.machine("web-server");
    web.import(Image::Sleeper).unwrap();
    web.root("podman run --detach --log-driver k8s-file --name quiet localhost/nixi-lab/sleeper:1 sh -c 'echo out; exec sleep infinity'").unwrap();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut child =
            start(&home, &["call", "container.logs", "name=quiet", "follow=true", "--node", "web-server"]);
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("out"), "{first}");
        web.root("pgrep -f '^[^ ]*podman .*--follow' >/dev/null").unwrap();
        send(&child, signal);
        let (code, said) = ends(child, Instant::now());
        assert_eq!((code, said.as_str()), (130, ""), "{signal:?}");
        assert_nothing_follows(web, "podman");
    }
}
