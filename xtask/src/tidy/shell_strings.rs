//! A shell is spoken to in a few files only: quoting is decided there, once.

use anyhow::Result;

use super::tree::{Finding, Tree};

/// Where a script of ours becomes a word of a command.
const SCRIPTS: [&str; 4] = [
    "crates/nixi-core/src/shell/guard.rs",
    "crates/nixi-core/src/shell/record.rs",
    "crates/nixi-core/src/shell/stop.rs",
    "crates/nixi-core/src/shell/wrapper.rs",
];
/// Development only: no remote bytes and no user's words pass here.
const DEVELOPMENT: &[&str] = &["benches/", "lab/", "xtask/"];

/// A program's name, as a whole string, that is a shell whatever follows.
const SHELL: &[&str] =
    &["\"sh\"", "\"/bin/sh\"", "\"/usr/bin/env sh\"", "\"sh -c", " sh -c", "/sh -c", "bash -c"];
/// These are also names of completions; a `-c` close by makes them a shell that is run.
const MAYBE: &[&str] = &["\"bash\"", "\"dash\"", "\"zsh\"", "\"fish\"", "\"/bin/bash\"", "\"SHELL\""];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let apart = DEVELOPMENT.iter().any(|place| file.path.starts_with(place));
        if SCRIPTS.contains(&file.path.as_str()) || apart || file.is_test() {
            continue;
        }
        let strings = file.product().strings;
        let lines: Vec<&str> = strings.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let runs =
                || lines[at..].iter().take(3).any(|near| near.contains("\"-c\"") || near.contains("\"-lc\""));
            let shell = SHELL.iter().find(|shell| line.contains(*shell));
            let maybe = || MAYBE.iter().find(|shell| line.contains(*shell)).filter(|_| runs());
            if let Some(shell) = shell.or_else(maybe) {
                found.push(Finding::at(file, at + 1, format!("names a shell: {}", shell.trim())));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        told(check(&Tree::of(&[(path, text)]))).len()
    }

    #[test]
    fn a_shell_outside_the_quoting_is_found() {
        let text = "fn f() { run(&[\"sh\", \"-c\", word]); }\n";
        assert_eq!(count("crates/nixi-ssh/src/a.rs", text), 1);
        assert_eq!(count("src/wire.rs", "run(\n    \"bash\",\n    \"-c\",\n);\n"), 1);
        assert_eq!(SCRIPTS.map(|path| count(path, text)), [0; 4]);
        assert_eq!(count("crates/nixi-core/src/shell/quote.rs", text), 1);
        assert_eq!(count("crates/nixi-core/tests/shell.rs", text), 0);
    }

    #[test]
    fn other_words_are_not_shells() {
        assert_eq!(count("src/a.rs", "run(&[\"ping\", \"-c\", \"4\"]); // like sh -c\n"), 0);
        assert_eq!(count("src/a.rs", "const NAMES: [&str; 2] = [\"bash\", \"zsh\"];\n"), 0);
    }
}
