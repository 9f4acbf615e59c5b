//! Servers that send without end: what that takes of memory, and what is told.
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

use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Home, Ran};
use nixi_lab::{Flood, Junk, Key, KeyKind, When};
use serde_json::json;

/// The most that the program may ever have had resident, in MiB.
const BEFORE_LOGIN: u64 = 64;
const AFTER_LOGIN: u64 = 128;

/// A home with one node, which is the server on this port.
fn home(port: u16) -> Home {
    let home = Home::new();
    let key = Key::generate(KeyKind::Ed25519, &home.path().join("id"), None).unwrap();
    let config = format!(
        "[ssh]\nconnect_timeout = \"10s\"\nidentity = [\"{}\"]\n\n[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\nport = \
         {port}\nuser = \"nixi\"\n",
        key.path().display()
    );
    std::fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    std::fs::write(home.config(), config).unwrap();
    home
}

/// Runs it to its end; the most memory that it had at any time, in MiB. One that takes far too much is ended.
fn run(home: &Home, args: &[&str]) -> (Ran, u64) {
    let mut child = home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(high_water(&child));
        if most > 1024 {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    (Ran::from(child.wait_with_output().unwrap()), most)
}

/// What the kernel says of the process's own peak.
fn high_water(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn a_flood_before_the_login_takes_little_and_has_its_reason() {
    for (when, junk) in [
        (When::Greeting, Junk::Ignore),
        (When::KeyExchange, Junk::Unknown(30_000)),
        (When::KeyExchange, Junk::Unknown(1)),
        (When::KeyExchange, Junk::Answers),
        (When::KeyExchange, Junk::Debug),
        (When::Login, Junk::Unknown(1)),
        (When::Login, Junk::Unknown(30_000)),
        (When::Login, Junk::Requests),
        (When::Login, Junk::Questions),
        (When::Login, Junk::NoChannel),
        (When::Login, Junk::Channels),
    ] {
        let flood = Flood::start(when, junk).unwrap();
        let (ran, most) = run(&home(flood.port()), &["nodes", "--json"]);
        let nodes = ran.document();
        let web = nodes["nodes"].as_array().unwrap().last().unwrap();
        let told = web["detail"].as_str().unwrap();
        assert_eq!(web["reason"], json!("protocol"), "{when:?} {junk:?}: {told}");
        assert!(told.contains("it sent more than 256 KiB"), "{when:?} {junk:?}: {told}");
        assert!((1..=BEFORE_LOGIN).contains(&most), "{when:?} {junk:?}: {most} MiB");
    }
}

#[test]
fn a_flood_after_the_login_ends_the_session_and_says_why() {
    for (when, junk) in [
        (When::Command, Junk::Unknown(1)),
        (When::Command, Junk::Unknown(30_000)),
        (When::Command, Junk::Answers),
        (When::Command, Junk::NoChannel),
        (When::Command, Junk::NoStream),
        (When::Command, Junk::Debug),
        (When::Command, Junk::Ignore),
        (When::Command, Junk::Requests),
        (When::Command, Junk::Channels),
        (When::LoggedIn, Junk::Unknown(1)),
    ] {
        let flood = Flood::start(when, junk).unwrap();
        let (ran, most) = run(&home(flood.port()), &["call", "clock.now", "--node", "web", "--json"]);
        let document = ran.document();
        let told = document["results"][0]["error"]["message"].as_str().unwrap().to_owned();
        assert!(told.contains("the node sent more than 12 MiB"), "{when:?} {junk:?}: {told}");
        assert!((1..=AFTER_LOGIN).contains(&most), "{when:?} {junk:?}: {most} MiB");
    }
}

/// Data of the command itself is taken, however much; and who asks but hears no answer is waited for. The clock ends both,
/// or the flood of frames beside the data does first. Either way no login shell was seen to answer, and that is told.
#[test]
fn a_flood_that_is_no_junk_takes_little() {
    for junk in [Junk::Beyond, Junk::Questions] {
        let flood = Flood::start(When::Command, junk).unwrap();
        let (ran, most) = run(&home(flood.port()), &["call", "clock.now", "--node", "web", "--json"]);
        assert_eq!(ran.code, 4, "{junk:?}: {ran:?}");
        let result = &ran.document()["results"][0];
        assert_eq!(result["status"], json!("unreachable"), "{junk:?}: {ran:?}");
        let told = result["error"]["message"].as_str().unwrap();
        assert!(told.contains("its login shell"), "{junk:?}: {told}");
        assert!((1..=AFTER_LOGIN).contains(&most), "{junk:?}: {most} MiB: {ran:?}");
    }
}
