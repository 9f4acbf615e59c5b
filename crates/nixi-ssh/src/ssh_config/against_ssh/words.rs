//! The table, word by word and value by value.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{ask, version};
use crate::ssh_config::shape::Shape;
use crate::ssh_config::table::{Since, WORDS};
use crate::ssh_config::tests::read;

/// The lines that ssh does not take, from 1, by what it complains of. Some of its complaints end it at once, so the lines behind
/// are asked again.
fn refused_by_ssh(dir: &Path, lines: &[String]) -> BTreeSet<usize> {
    let file = dir.join("c");
    let mut refused = BTreeSet::new();
    let mut from = 0;
    while from < lines.len() {
        // A block for nobody: the lines are read, and nothing comes of them.
        fs::write(&file, format!("Host never\n{}\n", lines[from..].join("\n"))).unwrap();
        let out = ask(&file, "web").unwrap();
        if out.status.success() {
            break;
        }
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        let number = |line: &str| {
            let (_, behind) = line.split_once("line ")?;
            let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        // What it only remarks on, it takes.
        let complaints = told.lines().filter(|line| !line.contains("Unsupported option"));
        let numbers: Vec<usize> = complaints.filter_map(number).collect();
        refused.extend(numbers.iter().map(|number| from + number - 1));
        let last = numbers.last().unwrap_or_else(|| panic!("{told}"));
        from = if told.contains(": terminating, ") { lines.len() } else { from + last - 1 };
    }
    refused
}

fn is_refused_by_us(line: &str) -> bool {
    read(line).is_err()
}

const VALUES: &[&str] = &[
    "yes",
    "no",
    "true",
    "false",
    "YES",
    "maybe",
    "ask",
    "none",
    "None",
    "none x",
    "x none",
    "auto",
    "0",
    "1",
    "22",
    "-1",
    "+5",
    "65536",
    "2147483648",
    "ssh",
    "no-such-service",
    "5m",
    "1h30",
    "5x",
    "a",
    "a b",
    "\"a b\"",
    "\"\"",
    "x \"\"",
    "# x",
    "a,b",
    "a:1",
    "a:b",
    "1:b",
    "8080 db:80",
    "8080 db",
    "/tmp/s /tmp/t",
    "8080 /tmp/t",
    "h:1:d:2",
    "h:1 d:2",
    "*:80",
    "[::1]:22",
    "[::1]:22 [::2]:22",
    "~/x",
    "${HOME}/x",
    "${NOT_SET_AT_ALL}/x",
    "$HOME",
    "$HOME/x",
    "$",
    "A=b",
    "=b",
    "-A",
    "session=5m",
    "interval:5",
    "interval:0",
    "inet",
    "accept-new",
    "off",
    "always",
    "host-bound",
    "confirm",
    "confirm 5m",
    "yes 5m",
    "sha256",
    "ssh-ed25519",
    "+ssh-rsa",
    "^*rsa*",
    "-nonsense",
    "+",
    "aes128-ctr",
    "hmac-sha1,",
    "nosuch",
    "ssh-ed25519,nosuch",
    "curve25519-sha256",
    "ef cs1",
    "af21",
    "af24",
    "256",
    "5 6 7",
    "1G 1h",
    "1G x",
    "default none",
    "10",
    "1K",
    "1KB",
    "0777",
    "1000",
    "9",
    "^]",
    "^",
    "~",
    "DEBUG3",
    "LOCAL7",
    "any:any",
    "any:x",
    "ethernet",
    "force",
    "subsystem",
    "%h %z",
    "b:22,c",
    "b:0",
    "@b",
    "ssh://b:3/",
    "a@b@c",
    "b,,c",
    "a.b",
    "a..b",
    ".a",
    "a:b c:d",
    "*",
    "a 'b",
    "gss-group14-sha256-",
];

/// ssh 9.2 takes more or less of these than newer ssh, which is what is gone by.
fn differs_between_versions(shape: Shape, value: &str) -> bool {
    // Nothing but a comment is a mistake by now.
    let needs_some = matches!(shape, Shape::SendEnv | Shape::SetEnv | Shape::Domains | Shape::Cnames);
    // Several files may stand here by now; older ssh reads a jump host up to a blank, and passes over what is behind it.
    let of_one = matches!(shape, Shape::SomeFiles | Shape::Jump);
    // No sign before a time by now.
    let timed = matches!(shape, Shape::Time | Shape::Persist | Shape::AddKeys | Shape::Timeouts);
    (needs_some && value == "# x") || (of_one && value.contains(' ')) || (timed && value.starts_with('+'))
}

/// Word by word and value by value.
#[test]
fn the_table_is_that_of_the_ssh_at_hand() {
    let Some(version) = version() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c");
    fs::write(&file, "Match all\n").unwrap();
    let told = ask(&file, "web").unwrap();
    for line in String::from_utf8_lossy(&told.stdout).lines() {
        let name = line.split(' ').next().unwrap().to_ascii_lowercase();
        assert!(WORDS.iter().any(|word| word.name == name), "ssh knows {name}, and the table does not");
    }
    let mut wrong = Vec::new();
    for word in WORDS {
        let unknown = |name: &str| {
            fs::write(&file, format!("Host never\n{name} x\n")).unwrap();
            let out = ask(&file, "web").unwrap();
            String::from_utf8_lossy(&out.stderr).contains("Bad configuration option")
        };
        let unknown = unknown(word.name);
        match word.since {
            Since::Ever => assert!(!unknown, "ssh does not know {}", word.name),
            Since::Version(major, minor) => {
                assert_eq!(unknown, version < (major, minor), "{}", word.name);
            }
            Since::Vendor => {}
        }
        if unknown {
            continue;
        }
        let lines: Vec<String> = VALUES
            .iter()
            .filter(|value| !differs_between_versions(word.shape, value))
            // Who is asked about `Host` and `Match` is another question, and so is where files are.
            .filter(|_| !matches!(word.name, "host" | "match" | "include"))
            .map(|value| format!("{} {value}", word.name))
            .collect();
        let theirs = refused_by_ssh(dir.path(), &lines);
        for (at, line) in lines.iter().enumerate() {
            let refused = theirs.contains(&(at + 1));
            if is_refused_by_us(line) != refused {
                wrong.push(format!("{line}: ssh refuses it: {refused}, we: {:?}", read(line).err()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
