//! `cargo xtask lab`, as a person types it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, reason = "a test fails by panicking")]

use std::process::{Command, Output, Stdio};

/// A name that no person's lab has.
struct Chore(String);

impl Chore {
    fn named(name: &str) -> Self {
        Self(format!("test-{name}-{}", std::process::id()))
    }

    fn run(&self, words: &str) -> Output {
        self.command(words).output().unwrap()
    }

    fn command(&self, words: &str) -> Command {
        let mut chore = Command::new(env!("CARGO_BIN_EXE_xtask"));
        // So that nobody else's `down --all` takes them down, and ours nobody else's.
        chore.env("NIXI_LAB_OWNER", &self.0);
        chore.arg("lab").args(words.replace("NAME", &self.0).split(' '));
        chore
    }

    fn says(&self, words: &str) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

impl Drop for Chore {
    fn drop(&mut self) {
        self.run("down --all");
        self.run("down NAME");
    }
}

#[test]
fn machines_come_up_are_told_of_and_go_down() {
    let chore = Chore::named("up");
    let up = chore.says("up 2 --name NAME");
    assert!(up.starts_with("2 machines answered SSH after "), "{up}");
    assert!(up.contains("\nnode-1 ") && up.contains("\nnode-2 "), "{up}");
    // Every lab has the same addresses.
    let line = up.lines().find(|line| line.starts_with("  ssh ")).unwrap();
    let line = line.replacen("ssh ", "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes ", 1);
    assert_eq!(typed(&format!("{line} uname -n")), "node-1\n");
    let status = chore.says("status");
    let own: Vec<_> = status.lines().skip_while(|line| !line.starts_with(&chore.0)).skip(1).take(2).collect();
    assert!(own.iter().all(|line| line.ends_with("answers SSH")), "{status}");
    assert_eq!(
        chore.says("down NAME"),
        format!("{} is down: 2 machines, and all that belonged to them\n", chore.0)
    );
    assert!(!chore.says("status").contains(&chore.0));
}

#[test]
fn the_demo_prints_the_table_of_the_documentation() {
    let chore = Chore::named("demo");
    let said = chore.says("demo --name NAME");
    let tables: Vec<_> = said.split("NAME ").skip(1).collect();
    let [up, off] = tables.as_slice() else { unreachable!("two tables: {said}") };
    let row = |table: &str, name: &str| {
        let row = table.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        row.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    };
    for table in [up, off] {
        assert!(table.starts_with("              ") || table.contains("HOST"), "{said}");
        assert!(table.contains(" (local) "), "{said}");
        assert_eq!(row(table, "web-server"), "nixi managed online", "{said}");
        assert_eq!(row(table, "db-server"), "nixi managed online", "{said}");
    }
    assert_eq!(row(up, "monitoring"), "nixi monitored online", "{said}");
    assert!(row(off, "monitoring").starts_with("nixi monitored unreachable"), "{said}");
    let line = |text: &str| typed(said.lines().find(|line| line.contains(text)).unwrap());
    let info = line("system info");
    assert!(info.contains("web-server") && info.contains("NixOS"), "{info}");
    let containers = line("list containers");
    assert!(containers.contains("web") && containers.contains("cache"), "{containers}");
}

/// What a printed line says when it is typed.
fn typed(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_demo_takes_down_no_other_lab() {
    let chore = Chore::named("mine");
    chore.says("up 1 --name NAME");
    let refused = chore.run("demo --name NAME");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("no demo of this checkout"), "{said}");
    assert!(chore.says("status").contains(&format!("{}:\n", chore.0)));
    let again = chore.run("up 1 --name NAME");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains(&format!("`cargo xtask lab down {}` takes it down", chore.0)), "{said}");
}

/// A pipe that nobody reads is nothing to end over; a disk that is full is told.
#[test]
fn output_that_goes_nowhere_is_no_panic() {
    let chore = Chore::named("output");
    let to = |words: &str, stdout: Stdio| {
        let child = chore.command(words).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        child.wait_with_output().unwrap()
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = to("up 1 --name NAME", writer.into());
    assert_eq!(unread.status.code(), Some(0), "{unread:?}");
    let full = to("status", std::fs::File::create("/dev/full").unwrap().into());
    assert_eq!(full.status.code(), Some(1), "{full:?}");
    assert!(String::from_utf8_lossy(&full.stderr).contains("cannot write to standard output"), "{full:?}");
}

/// Wherever PATH leads, the programs for root are found, and the machines' own too.
#[test]
fn a_path_without_programs_for_root_is_enough() {
    let chore = Chore::named("path");
    let up = chore.command("up 1 --name NAME").env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(up.status.success(), "{up:?}");
}

/// What lies there would stay when the program is killed.
#[test]
fn nothing_of_a_lab_lies_in_a_temporary_folder() {
    let chore = Chore::named("temporary");
    let mut up = chore.command("up 1 --name NAME");
    let up = up.env("TMPDIR", "/nonexistent").env("NIX_PATH", "nixpkgs=/nonexistent").output().unwrap();
    assert!(up.status.success(), "{up:?}");
}

#[test]
fn help_is_no_mistake() {
    let chore = Chore::named("help");
    for words in ["help", "--help", "up --help"] {
        assert!(chore.says(words).starts_with("usage:\n  cargo xtask lab up"), "{words}");
    }
}

#[test]
fn all_of_a_checkout_go_down_and_no_others() {
    let chore = Chore::named("all");
    chore.says("up 1 --name NAME-1");
    assert!(chore.says("up web --name NAME-2").starts_with("1 machine answered SSH after "));
    let other = Chore(format!("{}-other", chore.0));
    let lab = nixi_lab::Lab::builder().machine(nixi_lab::MachineSpec::new("web"));
    lab.up_standing(&other.0, "somebody else").unwrap();
    let said = chore.says("down --all");
    let line = |text: &str| said.contains(&text.replace("NAME", &chore.0));
    assert!(line("taking down NAME-1, NAME-2\n"), "{said}");
    assert!(line("NAME-2 is down: 1 machine, and all that belonged to it\n"), "{said}");
    let stays = "NAME-other stays: it belongs to somebody else (cargo xtask lab down NAME-other)\n";
    assert!(line(stays), "{said}");
    assert!(chore.says("down --all").ends_with(&format!("no lab of {} stands\n", chore.0)));
    other.says("down NAME");
}

/// A lab whose program and whose keeper were killed, as far as its folder tells.
#[test]
fn what_is_dead_is_cleared_by_looking() {
    let chore = Chore::named("dead");
    let folder = std::path::Path::new("/run/nixi-lab/249");
    for words in ["status", "down NAME"] {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("keeper"), "1 0\n").unwrap();
        chore.run(words);
        assert!(!folder.exists(), "{words}");
    }
}

#[test]
fn mistakes_are_told() {
    let chore = Chore::named("mistakes");
    for (words, says) in [
        ("up --nmae x", "no such option: --nmae"),
        (
            "up Web --name NAME",
            "a machine's name is 1 to 40 of a-z, 0-9 and -, with no - at either end, not \"Web\"",
        ),
        ("up a- --name NAME", "a machine's name is 1 to 40 of"),
        (
            "up 1 --name --all",
            "a lab's name is 1 to 40 of a-z, 0-9 and -, with no - at either end, not \"--all\"",
        ),
        ("up 1 --name ../att", "a lab's name is 1 to 40 of"),
        ("up 3 web --name NAME", "a number of machines, or their names, and not both: 3 web"),
        ("up 0 --name NAME", "a lab has 1 to 200 machines, not 0"),
        ("up web web --name NAME", "two machines are named web"),
        ("down NAME", "no lab"),
        ("sideways", "no such thing to do with the lab"),
    ] {
        let output = chore.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(says), "{words}: {said}");
    }
}
