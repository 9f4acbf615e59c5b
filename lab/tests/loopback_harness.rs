//! The harness itself: OpenSSH's client can log in, and the stub programs behave.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nixi_lab::{Agent, BlackHole, ControlMaster, KeyKind, Sshd};

#[test]
fn ssh_logs_in_and_the_stubs_answer() {
    let mut sshd =
        Sshd::builder().record_commands().host_keys(&[KeyKind::Ed25519, KeyKind::Ecdsa]).start().unwrap();
    sshd.stub_programs().unwrap();
    sshd.container("web", "docker.io/library/nginx:1", true).unwrap();
    sshd.container("old", "docker.io/library/redis:7", false).unwrap();
    sshd.unit("nginx.service", "active").unwrap();
    sshd.journal("nginx.service", "hello").unwrap();
    let master = ControlMaster::connect(&sshd).unwrap();
    let run = |line: &str| {
        let out = master.command(line).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    assert_eq!(run("echo $HOME; exit 7"), (7, format!("{}\n", sshd.home().display())));
    let (code, list) = run("podman ps -a --format json");
    assert_eq!(code, 0);
    assert!(list.contains("\"Names\":[\"web\"]") && list.contains("\"Names\":[\"old\"]"), "{list}");
    assert_eq!(run("sudo -n -- podman stop web").0, 0);
    assert_eq!(sshd.container_state("web").unwrap(), "exited");
    assert_eq!(run("podman rm web old").0, 0);
    assert_eq!(sshd.container_state("web"), None);
    assert_eq!(run("podman stop web").0, 125);
    assert_eq!(run("systemctl stop nginx").0, 0);
    assert_eq!(sshd.unit_state("nginx.service").unwrap(), "inactive");
    assert!(run("systemctl show nginx.service --property=Id,ActiveState").1.contains("ActiveState=inactive"));
    assert!(run("journalctl -o json -u nginx.service -n 5").1.contains("\"MESSAGE\":\"hello\""));
    assert!(sshd.ran().contains(&"podman stop web".to_owned()), "{:?}", sshd.ran());
    assert_eq!(sshd.execs(), sshd.commands().len());
    assert_eq!(sshd.commands().first().unwrap(), "echo $HOME; exit 7");
    assert_eq!(sshd.logins(), 1);

    let old = sshd.fingerprint().unwrap();
    sshd.restart_with_new_host_keys().unwrap();
    assert_ne!(sshd.fingerprint().unwrap(), old);
}

#[test]
fn the_faults_are_faulty() {
    let hole = BlackHole::start().unwrap();
    let address = ([127, 0, 0, 1], hole.port()).into();
    let error =
        std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    let dir = tempfile::tempdir().unwrap();
    let agent = Agent::start(dir.path()).unwrap();
    agent.add(&nixi_lab::Key::generate(KeyKind::Ed25519, &dir.path().join("k"), None).unwrap()).unwrap();
}

#[test]
fn a_playground_that_is_killed_leaves_nothing() {
    let tests = std::env::current_exe().unwrap();
    let mut playground = Command::new(tests.parent().unwrap().parent().unwrap().join("examples/playground"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(playground.stdout.take().unwrap()).lines().map(Result::unwrap);
    let config = said.find_map(|line| line.strip_prefix("export NIXI_CONFIG=").map(str::to_owned)).unwrap();
    let folder = Path::new(&config).parent().unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    // Each host's folder holds the key that opens it.
    let keys: Vec<_> = text.split('"').filter(|word| word.ends_with("/id")).map(Path::new).collect();
    assert!(keys.len() == 2 && keys.iter().all(|key| key.exists()), "{text}");
    playground.kill().unwrap();
    playground.wait().unwrap();
    let begun = Instant::now();
    while folder.exists() || keys.iter().any(|key| key.exists()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} is left", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
