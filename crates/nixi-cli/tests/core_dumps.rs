//! No copy of the program's memory gets on a disk, and what it runs is as it would be without it.
#![cfg(target_os = "linux")]
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
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::Home;

const NOBODY: u32 = 65534;

/// The soft limit for core dumps, as /proc tells it.
fn core_limit(id: &str) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    line.split_whitespace().nth(4).unwrap().to_owned()
}

/// A command with a limit that lets core dumps be written.
fn with_dumps(program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -c 4; exec \"$0\" \"$@\""]).arg(program).args(args);
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn settled(condition: impl Fn() -> bool) -> bool {
    for _ in 0..500 {
        if condition() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    false
}

#[test]
fn the_program_writes_no_core_dump_and_nobody_else_of_its_user_looks_into_it() {
    let home = Home::new();
    // Where a user that owns nothing may run it.
    let program = home.path().join("nixi");
    std::fs::copy(env!("CARGO_BIN_EXE_nixi"), &program).unwrap();
    for path in [home.path(), &program] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let start = |program: &Path, args: &[&str]| {
        let mut command = with_dumps(program, args);
        command.env("HOME", "/nonexistent").env("PATH", "/usr/bin:/bin");
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.spawn().unwrap()
    };
    // It waits for a request on standard input.
    let mut waits = start(&program, &["ask", "-"]);
    let id = waits.id().to_string();
    assert!(settled(|| core_limit(&id) == "0"), "{}", core_limit(&id));
    let owner = |id: &str| std::fs::metadata(format!("/proc/{id}/environ")).unwrap().uid();
    assert!(settled(|| owner(&id) == 0), "owned by {}", owner(&id));
    waits.kill().unwrap();
    waits.wait().unwrap();
    // Any other program is its user's own.
    let mut other = start(Path::new("/bin/sleep"), &["60"]);
    let id = other.id().to_string();
    assert!(settled(|| std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap().trim() == "sleep"));
    assert_eq!(core_limit(&id), "2048", "what sh calls 4 blocks of 512 bytes");
    assert_eq!(owner(&id) == 0, !is_root && owner("self") == 0);
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn what_the_program_runs_has_the_limit_that_was_found() {
    let home = Home::new();
    let folder = home.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let date = folder.join("date");
    let seen = home.path().join("seen");
    // By the time that it looks, its limit has been set.
    let script = format!("#!/bin/sh\nsleep 0.5\nulimit -c > '{}'\necho noon\n", seen.display());
    std::fs::write(&date, script).unwrap();
    std::fs::set_permissions(&date, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = with_dumps(Path::new(env!("CARGO_BIN_EXE_nixi")), &["call", "clock.now"]);
    command.env("HOME", home.path()).env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    command.status().unwrap();
    assert_eq!(std::fs::read_to_string(seen).unwrap().trim(), "4");
}
