//! A model that asks for more than anybody reads: what it costs the controller, and what it is told.
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

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use common::model::{Turn, calls, listening_model, words};
use common::{Home, Ran};
use serde_json::{Value, json};

/// The journal of a machine that has much to say.
fn journal(home: &Home) -> String {
    let folder = home.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let entries: String = (0..10_000)
        .map(|at| {
            let entry = json!({
                "__REALTIME_TIMESTAMP": (1_700_000_000_000_000_u64 + at).to_string(), "PRIORITY": "6",
                "_SYSTEMD_UNIT": "nginx.service", "SYSLOG_IDENTIFIER": "nginx", "_PID": "4711",
                "MESSAGE": format!("entry {at}: GET /a/rather/long/path/of/a/page?with=some&words=in HTTP/1.1 200 {at}"),
                "_HOSTNAME": "web", "_BOOT_ID": "b0075ec0b0075ec0b0075ec0b0075ec0", "_TRANSPORT": "stdout",
                "_MACHINE_ID": "c0ffeec0ffeec0ffeec0ffeec0ffee00", "__CURSOR": format!("s=1;i={at};b=2;m=3;t=4;x=5"),
                "_CMDLINE": "nginx: worker process", "_EXE": "/usr/sbin/nginx", "_COMM": "nginx",
            });
            format!("{entry}\n")
        })
        .collect();
    std::fs::write(folder.join("entries"), entries).unwrap();
    let program = folder.join("journalctl");
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *json*) exec cat '{}';; esac\n", folder.join("entries").display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

/// The most memory that a process had, in KiB.
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn query(lines: u64) -> (&'static str, Value) {
    ("log", json!({ "action": "query", "lines": lines }))
}

/// Runs a request that the model answers with these calls; what it was told of each, the peak in KiB, and what was printed.
fn asked(turn: Turn, options: &[&str]) -> (Vec<Value>, u64, Ran, Home) {
    let id = Arc::new(Mutex::new(None::<u32>));
    let (told, heard) = channel();
    let process = Arc::clone(&id);
    let hear = move |body: &Value| {
        let replies: Vec<Value> = body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|said| said["role"] == "tool")
            .cloned()
            .collect();
        if !replies.is_empty() {
            told.send((replies, peak(process.lock().unwrap().unwrap()))).unwrap();
        }
    };
    let (home, answering) = listening_model("", vec![turn, words(&["All is well."])], hear);
    let path = journal(&home);
    let mut args = vec!["is anything odd here"];
    args.extend(options);
    let mut command = home.command(&args);
    command.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut lock = id.lock().unwrap();
    let child = command.spawn().unwrap();
    *lock = Some(child.id());
    drop(lock);
    let ran = Ran::from(child.wait_with_output().unwrap());
    answering.join().unwrap();
    let (replies, peak) = heard.recv().unwrap();
    let replies =
        replies.iter().map(|reply| serde_json::from_str(reply["content"].as_str().unwrap()).unwrap());
    (replies.collect(), peak, ran, home)
}

#[test]
fn sixty_four_calls_of_ten_thousand_lines_take_less_than_300_mib() {
    for options in [&[][..], &["--json"]] {
        let (replies, peak, ran, home) = asked(calls(&vec![query(10_000); 64]), options);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(peak < 300 * 1024, "{} MiB", peak / 1024);
        assert_eq!(replies.len(), 64);
        let said: usize = replies.iter().map(|reply| reply.to_string().len()).sum();
        assert!(said < 128 * 1024, "{said} bytes");
        for reply in &replies {
            let output = reply["output"].as_str().unwrap();
            assert_eq!(reply["status"], "done");
            assert!(output.contains("are left out here") && output.contains("ask for less"), "{output}");
            assert!(output.contains("entry 0:") || output.contains("entry 9999:"), "{output}");
        }
        // All of it lies on the disk, for nobody but the user.
        let folder = home.path().join(".local/state/nixi/outputs");
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
        assert_eq!(files.len(), 64);
        for file in files {
            assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
            let text = std::fs::read_to_string(file.path()).unwrap();
            assert!(text.contains("entry 0:") && text.contains("entry 9999:"), "{:?}", file.path());
        }
    }
}

#[test]
fn a_person_gets_all_the_lines_and_a_model_that_asks_for_few_gets_them_whole() {
    let home = Home::new();
    let path = journal(&home);
    let output = home.command(&["call", "log.query", "lines=10000"]).env("PATH", path).output().unwrap();
    let ran = Ran::from(output);
    let entries = ran.out.lines().filter(|line| line.contains("entry ")).count();
    assert_eq!((ran.code, entries), (0, 10_000), "{}", ran.err);
    let (replies, _, ran, home) = asked(calls(&[("clock", json!({ "action": "now" }))]), &[]);
    assert!(!replies[0].to_string().contains("left out"), "{replies:?}");
    assert!(ran.out.ends_with("│ All is well.\n"), "{ran:?}");
    assert!(!home.path().join(".local/state/nixi/outputs").exists());
}
