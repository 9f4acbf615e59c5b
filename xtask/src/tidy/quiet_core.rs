//! nixi-core prints nothing, spawns nothing, opens no socket and reads no environment.

use anyhow::Result;

use super::tree::{Finding, Tree};
use super::uses;

const PLACE: &str = "crates/nixi-core/src/";

/// Beginnings of paths, and macros.
const BANNED: &[(&str, &str)] = &[
    ("std::process", "spawns"),
    ("tokio::process", "spawns"),
    ("std::net::Tcp", "opens a socket"),
    ("std::net::Udp", "opens a socket"),
    ("std::os::unix::net", "opens a socket"),
    ("tokio::net", "opens a socket"),
    ("std::env", "reads the environment"),
    ("io::stdout", "prints"),
    ("io::stderr", "prints"),
    ("print!", "prints"),
    ("println!", "prints"),
    ("dbg!", "prints"),
];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| file.path.starts_with(PLACE) && !file.is_test()) {
        let code = file.product().code;
        let imported = uses::paths(&code);
        let written = code.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()));
        let mut told = 0;
        let mut all: Vec<_> = written.chain(imported).collect();
        all.sort();
        for (line, text) in all {
            let hit = BANNED.iter().find(|(what, _)| text.contains(what));
            if let Some((what, does)) = hit
                && told != line
            {
                found.push(Finding::at(file, line, format!("{what} {does}")));
                told = line;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn a_talking_core_is_found() {
        let text = "use std::{fmt, process};\nuse std::net::IpAddr;\n// std::env is not read\nfn f() { eprintln!(\"\"); }\n";
        let tree = Tree::of(&[("crates/nixi-core/src/a.rs", text), ("crates/nixi-ssh/src/a.rs", text)]);
        assert_eq!(
            told(check(&tree)),
            [
                "crates/nixi-core/src/a.rs:1: std::process spawns",
                "crates/nixi-core/src/a.rs:4: println! prints"
            ]
        );
    }

    #[test]
    fn strings_and_tests_may_say_what_they_like() {
        let text = "const A: &str = \"std::env\";\n#[cfg(test)]\nmod tests {\n    use std::process;\n}\n";
        assert!(told(check(&Tree::of(&[("crates/nixi-core/src/a.rs", text)]))).is_empty());
    }
}
