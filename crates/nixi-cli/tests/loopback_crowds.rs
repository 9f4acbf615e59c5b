//! More nodes than there are descriptors, and more names than a listener's queue holds: who is there is told as there.
//!
//! The sizes are for CI; with many cases a property (`cargo xtask soak`) they are those of a large fleet.
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

use std::process::Command;

use common::{Home, Ran};
use nixi_lab::Sshd;
use serde_json::{Value, json};

/// The size for CI, or the full one.
fn size(small: usize, full: usize) -> usize {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse::<usize>().ok());
    if cases.is_some_and(|cases| cases >= 10_000) { full } else { small }
}

/// Nodes at these addresses of one sshd, which takes as many strangers at a time as there are.
fn fleet(addresses: impl Iterator<Item = String>, startups: &str) -> (Home, Sshd) {
    let sshd =
        Sshd::builder().every_loopback_address().line(&format!("MaxStartups {startups}")).start().unwrap();
    let mut config = format!("[ssh]\nidentity = [\"{}\"]\n", sshd.identity().display());
    for (at, address) in addresses.enumerate() {
        config += &format!(
            "[[nodes]]\nname = \"n{at}\"\nhost = \"{address}\"\nport = {}\nuser = \"{}\"\n",
            sshd.port(),
            sshd.user()
        );
    }
    (Home::with_config(&config), sshd)
}

fn hosts(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|at| format!("127.{}.{}.{}", 1 + at / 62_500, 1 + at / 250 % 250, 1 + at % 250))
}

/// Runs it with so many descriptors.
fn with_files(home: &Home, files: usize, args: &[&str]) -> Ran {
    let nixi = home.command(args);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -n \"$1\" && shift && exec \"$@\"", "sh"])
        .arg(files.to_string())
        .arg(nixi.get_program())
        .args(nixi.get_args())
        .env_clear()
        .envs(nixi.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(home.path());
    Ran::from(command.output().unwrap())
}

/// The table, twice, with all of them in it and every one of them online.
fn all_are_online(home: &Home, count: usize, files: usize) {
    for _ in 0..2 {
        let begun = std::time::Instant::now();
        let ran = with_files(home, files, &["nodes", "--json"]);
        eprintln!("{count} nodes with {files} descriptors: {:.1?}", begun.elapsed());
        let table = ran.document();
        let nodes = table["nodes"].as_array().unwrap().iter().filter(|node| node["local"] == json!(false));
        let told: Vec<&Value> = nodes.collect();
        assert_eq!(told.len(), count);
        let bad: Vec<_> = told.iter().filter(|node| node["status"] != json!("online")).collect();
        assert!(bad.is_empty(), "{} of {count}, as {:?}", bad.len(), bad.first());
    }
}

#[test]
fn more_nodes_than_descriptors_are_all_online() {
    let (count, files) = (size(80, 300), size(96, 256));
    let (home, _sshd) = fleet(hosts(count), "2000");
    all_are_online(&home, count, files);
}

#[test]
fn a_thousand_nodes_with_the_usual_limit_are_all_online() {
    let count = size(150, 1000);
    let (home, _sshd) = fleet(hosts(count), "2000");
    all_are_online(&home, count, 1024);
}

/// One address and port, with the queue and the hall of an sshd as it comes.
#[test]
fn many_names_of_one_listener_are_all_online() {
    let count = size(100, 1000);
    let (home, sshd) = fleet(std::iter::repeat_n("127.0.0.1".to_owned(), count), "10:30:100");
    // One node a user and address, else they share a connection.
    let config = home.config_text();
    let mut at = 0;
    let names: Vec<String> = config
        .lines()
        .map(|line| {
            if line.starts_with("host = ") {
                at += 1;
                format!("host = \"h{at}.localhost\"")
            } else {
                line.to_owned()
            }
        })
        .collect();
    let mut ssh_config = String::new();
    for at in 1..=count {
        ssh_config += &format!("Host h{at}.localhost\n HostName 127.0.0.1\n HostKeyAlias h{at}\n");
    }
    std::fs::create_dir_all(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/config"), ssh_config).unwrap();
    std::fs::write(home.config(), names.join("\n")).unwrap();
    all_are_online(&home, count, 4096);
    assert!(!sshd.log().contains("MaxStartups"), "{}", sshd.log());
}
