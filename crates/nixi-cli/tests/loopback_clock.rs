//! A clock that jumps while something runs: suspended machines, a first word from a time server, a hand on it.
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

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use common::{Home, Ran};
use nixi_lab::Sshd;

/// What gives one program a clock of its own.
fn faketime() -> Option<PathBuf> {
    let libraries = std::fs::read_dir("/usr/lib").ok()?;
    let folders = libraries.filter_map(|entry| Some(entry.ok()?.path()));
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

fn wait_for(file: &Path) {
    for _ in 0..1000 {
        if file.exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{} did not come", file.display());
}

#[test]
fn a_clock_that_jumps_ends_nothing_and_holds_nothing_up() {
    let Some(library) = faketime() else {
        eprintln!("NOT RUN: it needs libfaketime; `cargo xtask test` brings it");
        return;
    };
    let sshd = Sshd::start().unwrap();
    sshd.stub_programs().unwrap();
    // The answer waits until the clock has jumped.
    let slow =
        "#!/bin/sh\ntouch $HOME/asked\nwhile [ ! -e $HOME/go ]; do sleep 0.05; done\necho 5.15 node x86_64\n";
    let config = format!(
        "[ssh]\nconnect_timeout = \"10s\"\ncommand_timeout = \"30s\"\nidentity = [{:?}]\n[[nodes]]\nname = \"web\"\nhost = \
         \"127.0.0.1\"\nport = {}\nuser = {:?}\n",
        sshd.identity(),
        sshd.port(),
        sshd.user()
    );
    let home = Home::with_config(&config);
    let clock = home.path().join("clock");
    for jump in ["+40000d", "-10000d"] {
        for file in ["asked", "go"] {
            let _ = std::fs::remove_file(sshd.home().join(file));
        }
        sshd.stub("uname", slow).unwrap();
        std::fs::write(&clock, "+0").unwrap();
        let child = home
            .command(&["call", "system.info", "--node", "web", "--json"])
            .env("LD_PRELOAD", &library)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for(&sshd.home().join("asked"));
        std::fs::write(&clock, jump).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        std::fs::write(sshd.home().join("go"), "").unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{jump}: {ran:?}");
        assert_eq!(ran.document()["results"][0]["status"], "done", "{jump}: {ran:?}");
    }
    assert_eq!(sshd.logins(), 2);
}
