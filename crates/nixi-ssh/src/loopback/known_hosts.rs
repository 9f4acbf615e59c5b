//! Our reading of known_hosts against OpenSSH's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use nixi_lab::{Key, KeyKind};
use proptest::prelude::*;

use crate::hostkey::{Known, KnownHosts, hashed, name_of};
use crate::route::Records;

/// A line that ssh-keygen found for a name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Plain(usize),
    Ca(usize),
    Revoked(usize),
}

fn records(file: &Path) -> Records {
    Records { user: vec![file.to_path_buf()], system: Vec::new(), new: None }
}

/// The lines for a host whose keys ssh-keygen can read.
#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn theirs(file: &Path, host: &str, port: u16) -> Vec<Found> {
    let out =
        Command::new("ssh-keygen").args(["-l", "-F", &name_of(host, port), "-f"]).arg(file).output().unwrap();
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| line.strip_prefix("# Host "))
        .map(|line| {
            let mut words = line.split_whitespace().skip(3);
            let line = words.next().unwrap().parse().unwrap();
            match words.next() {
                None => Found::Plain(line),
                Some("CA") => Found::Ca(line),
                Some("REVOKED") => Found::Revoked(line),
                Some(word) => panic!("{word}"),
            }
        })
        .collect()
}

fn ours(known: &Known) -> Vec<Found> {
    let mut found: Vec<Found> = known.keys.iter().map(|(_, place)| Found::Plain(place.line)).collect();
    found.extend(known.revoked.iter().map(|(_, place)| Found::Revoked(place.line)));
    found.extend(known.authorities.iter().map(|place| Found::Ca(place.line)));
    found.sort_by_key(|found| match found {
        Found::Plain(line) | Found::Ca(line) | Found::Revoked(line) => *line,
    });
    found
}

fn key(dir: &Path, kind: KeyKind) -> String {
    Key::generate(kind, &dir.join("id"), None).unwrap().public().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
fn names_are_matched_as_ssh_keygen_matches_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("k");
    let key = key(dir.path(), KeyKind::Ecdsa);
    let names = [
        "web",
        "WEB,other",
        "w?b",
        "*",
        "*,!web",
        "!web",
        "[web]:2222",
        "[web]:*",
        "[*]:2222",
        "web,",
        "we",
        "webs",
        "192.168.1.*",
        "::1",
        "[::1]:2222",
        "w*b*",
        "*eb.lan",
        "a,!other,web",
    ];
    let mut text = "# comment\n\n".to_owned();
    names.iter().for_each(|name| text += &format!("{name} {key} note\n"));
    text += &format!("@revoked web {key}\n@cert-authority web {key}\n  web\t{key}\n");
    fs::write(&file, text.clone() + &format!("@odd web {key}\n")).unwrap();
    for hashed in [false, true] {
        if hashed {
            // Patterns stay as they are; a mark that it does not know, it would not have at all.
            fs::write(&file, &text).unwrap();
            let done = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&file).output().unwrap();
            assert!(done.status.success());
        }
        for (host, port) in [
            ("web", 22),
            ("Web", 22),
            ("web", 2222),
            ("other", 22),
            ("192.168.1.9", 22),
            ("::1", 22),
            ("0:0::1", 2222),
            ("web.lan", 22),
        ] {
            let known = KnownHosts::load(&records(&file)).unwrap().of(host, port);
            let expected = theirs(&file, host, port);
            let plain = |found: &Found| matches!(found, Found::Plain(_));
            // For a port, we also look at the name without it.
            let mut found = ours(&known);
            if port != 22 {
                found.retain(plain);
            }
            assert_eq!(found, expected, "{host} {port}, hashed: {hashed}");
            assert_eq!(known.unreadable_marks.len(), usize::from(!hashed && matches!(host, "web" | "Web")));
        }
    }
}

/// The part of a line that names hosts, made of what matters to the reader.
fn names() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("web".to_owned()),
        Just("WEB".to_owned()),
        Just("[web]:2222".to_owned()),
        Just("::1".to_owned()),
        Just("a.lan".to_owned()),
        Just("*.LAN".to_owned()),
        Just("10.0.0.*".to_owned()),
        Just("[10.0.0.9]:*".to_owned()),
        Just("[*]:*".to_owned()),
        "[aew?*]{1,4}",
        "\\[[ew?*]{1,4}\\]:[2*]{1,4}",
        "[aew.*]{0,3}lan",
        Just(String::new()),
    ];
    let word =
        (prop_oneof![4 => Just(""), 1 => Just("!")], word).prop_map(|(not, word)| format!("{not}{word}"));
    let words = proptest::collection::vec(word, 1..4)
        .prop_map(|words| words.join(","))
        .prop_filter("a line without names is another line", |names| !names.is_empty());
    let hidden = prop_oneof![Just("web"), Just("[web]:2222"), Just("::1"), Just("a.lan"), Just("b")];
    prop_oneof![3 => words, 1 => hidden.prop_map(hashed)]
}

/// A line of the file, and whether its key can be read; `KEY` stands for a key.
fn line() -> impl Strategy<Value = (String, bool)> {
    let mark = prop_oneof![
        6 => Just(""),
        1 => Just("@revoked "),
        1 => Just("@cert-authority "),
        1 => Just("  "),
        1 => Just("\t \t"),
    ];
    let good = prop_oneof![
        6 => Just(" KEY"),
        1 => Just("\tKEY a note"),
        1 => Just("   KEY\r"),
        1 => Just(" \t KEY\t# note"),
    ];
    let bad = prop_oneof![
        Just(" KEY="),
        Just(" KEYAAAA"),
        Just(" ssh-ed25519 AAAA"),
        Just(" ssh-rsa"),
        Just(" 1024 35 1234567"),
        Just(" # KEY"),
        Just(""),
    ];
    let rest = prop_oneof![3 => good.prop_map(|key| (key, true)), 2 => bad.prop_map(|key| (key, false))];
    prop_oneof![
        12 => (mark, names(), rest).prop_map(|(mark, names, (key, good))| (format!("{mark}{names}{key}"), good)),
        1 => Just(("# web KEY".to_owned(), false)),
        1 => Just((" \t".to_owned(), false)),
        1 => Just(("@odd web KEY".to_owned(), false)),
        1 => Just(("@revoked @cert-authority web KEY".to_owned(), false)),
        1 => Just(("|1|AAAA|AAAA KEY".to_owned(), true)),
    ]
}

proptest! {
    #[test]
    fn any_file_is_read_as_ssh_keygen_reads_it(
        lines in proptest::collection::vec(line(), 1..30),
        newline in any::<bool>(),
        (host, port) in prop_oneof![
            Just(("web", 22)), Just(("web", 2222)), Just(("::1", 22)), Just(("a.lan", 22)), Just(("10.0.0.9", 22)),
            Just(("10.9", 2222)), Just(("B.Lan", 22)),
        ],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("k");
        const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
        let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
        // ssh-keygen reads past the end of a last line that has neither key nor newline, into an earlier line's key.
        let newline = newline || lines.last().is_some_and(|(_, good)| !good);
        let text = text.join("\n").replace("KEY", KEY) + if newline { "\n" } else { "" };
        fs::write(&file, &text).unwrap();
        let known = KnownHosts::load(&records(&file)).unwrap().of(host, port);
        let mut found = ours(&known);
        let expected = theirs(&file, host, port);
        // We hear more: what speaks of the host without its port, and a CA whose key is broken.
        let is_more = |found: &Found| match found {
            Found::Plain(_) => false,
            Found::Ca(_) | Found::Revoked(_) => !expected.contains(found),
        };
        let more: Vec<Found> = found.extract_if(.., |found| is_more(found)).collect();
        prop_assert_eq!(&found, &expected);
        for found in more {
            let (Found::Plain(at) | Found::Ca(at) | Found::Revoked(at)) = found;
            prop_assert!(port != 22 || !lines[at - 1].1, "line {}", at);
        }
        // What we say cannot be read, nobody can.
        for place in known.unreadable.iter().chain(&known.unreadable_marks) {
            prop_assert!(!lines[place.line - 1].1, "line {}", place.line);
        }
    }

    /// Several files are what each of them is, in their order: what one says, no other takes back.
    #[test]
    fn several_files_are_read_as_ssh_keygen_reads_each(
        texts in proptest::collection::vec(proptest::collection::vec(line(), 0..6), 1..4),
        (host, port) in prop_oneof![Just(("web", 22)), Just(("web", 2222)), Just(("a.lan", 22))],
    ) {
        let dir = tempfile::tempdir().unwrap();
        const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
        let mut files = Vec::new();
        for (at, lines) in texts.iter().enumerate() {
            let file = dir.path().join(at.to_string());
            let lines: Vec<&str> = lines.iter().filter(|(_, good)| *good).map(|(line, _)| line.as_str()).collect();
            fs::write(&file, lines.join("\n").replace("KEY", KEY) + "\n").unwrap();
            files.push(file);
        }
        let missing = dir.path().join("missing");
        let (user, system) = files.split_at(1);
        let user = [user, std::slice::from_ref(&missing)].concat();
        let all = Records { user, system: system.to_vec(), new: None };
        let known = KnownHosts::load(&all).unwrap().of(host, port);
        for file in &files {
            let mut found: Vec<Found> = known.keys.iter().filter(|(_, place)| place.file == *file).map(|(_, place)| Found::Plain(place.line)).collect();
            if port == 22 {
                let revoked = known.revoked.iter().map(|(_, place)| (place, Found::Revoked(place.line)));
                let authorities = known.authorities.iter().map(|place| (place, Found::Ca(place.line)));
                found.extend(revoked.chain(authorities).filter(|(place, _)| place.file == *file).map(|(_, found)| found));
            }
            let mut expected = theirs(file, host, port);
            if port != 22 {
                expected.retain(|found| matches!(found, Found::Plain(_)));
            }
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
