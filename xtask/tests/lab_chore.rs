//! `cargo xtask lab`, as a person types it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs, reason = "a test fails by panicking")]

use std::process::{Command, Output};

/// A name that no person's lab has.
struct Chore(String);

impl Chore {
    fn named(name: &str) -> Self {
        Self(format!("test-{name}-{}", std::process::id()))
    }

    fn run(&self, words: &str) -> Output {
        let mut chore = Command::new(env!("CARGO_BIN_EXE_xtask"));
        chore.arg("lab").args(words.replace("NAME", &self.0).split(' ')).output().unwrap()
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
        self.run("down NAME");
    }
}

#[test]
fn machines_come_up_are_told_of_and_go_down() {
    let chore = Chore::named("up");
    let up = chore.says("up 2 --name NAME");
    assert!(up.starts_with("2 machines answered SSH after "), "{up}");
    assert!(up.contains("\nnode-1 ") && up.contains("\nnode-2 "), "{up}");
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
}

#[test]
fn mistakes_are_told() {
    let chore = Chore::named("mistakes");
    for (words, says) in [
        ("up --nmae x", "no such option: --nmae"),
        ("up Web --name NAME", "a machine's name is made of a-z, 0-9 and -, not \"Web\""),
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
