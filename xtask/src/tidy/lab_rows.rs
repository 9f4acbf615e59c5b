//! Every promise of the look-alike has a row on the lab's page, and every row a test.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::tree::{File, Finding, Tree};

const PAGE: &str = "docs/lab.md";
/// The folders whose tests are such promises; each is one test binary.
const TESTS: [&str; 2] = ["lab/tests/lab_nixos/", "lab/tests/lab_nix/"];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let Some(page) = tree.get(PAGE) else { return Ok(Vec::new()) };
    let mut tests = BTreeMap::new();
    for file in tree.rust().filter(|file| TESTS.iter().any(|folder| file.path.starts_with(folder))) {
        tests.extend(tests_of(file).map(|(line, name)| (name, (file, line))));
    }
    let mut rows = BTreeSet::new();
    let mut found = Vec::new();
    for (at, line) in page.text().lines().enumerate() {
        for span in line.split('`').skip(1).step_by(2) {
            if is_test_name(span) && !tests.contains_key(span) {
                found.push(Finding::at(page, at + 1, format!("{span} is no test of the look-alike")));
            }
            rows.insert(span);
        }
    }
    let without = tests.iter().filter(|(name, _)| !rows.contains(name.as_str()));
    found.extend(
        without.map(|(name, (file, line))| Finding::at(file, *line, format!("{PAGE} has no row for {name}"))),
    );
    Ok(found)
}

/// Line and name of each test, as nextest calls it.
fn tests_of(file: &File) -> impl Iterator<Item = (usize, String)> {
    let module = match file.name().trim_end_matches(".rs") {
        "main" => String::new(),
        module => format!("{module}::"),
    };
    let mut is_next = false;
    file.text().lines().enumerate().filter_map(move |(at, line)| {
        is_next |= line == "#[test]";
        let (name, _) = line.strip_prefix("fn ")?.split_once('(')?;
        std::mem::take(&mut is_next).then(|| (at + 1, format!("{module}{name}")))
    })
}

fn is_test_name(span: &str) -> bool {
    let word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    span.split_once("::").is_some_and(|(module, name)| word(module) && word(name))
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn says(page: &str) -> Vec<String> {
        told(check(&Tree::of(&[
            (PAGE, page),
            ("lab/tests/lab_nix/main.rs", "#[test]\nfn top() {}\n"),
            ("lab/tests/lab_nixos/sudo.rs", "fn help() {}\n#[test]\n#[ignore]\nfn a_rule() {}\n"),
            ("lab/tests/lab_power.rs", "#[test]\nfn no_promise() {}\n"),
        ])))
    }

    #[test]
    fn tests_and_rows_match() {
        assert!(says("| x | `sudo::a_rule`, `top`, `Vec::new`, `lab_nix` |\n").is_empty());
    }

    #[test]
    fn each_of_them_without_the_other_is_told() {
        assert_eq!(
            says("| x | `sudo::a_rule` |\n| y | `sudo::no_rule` |\n"),
            [
                "docs/lab.md:2: sudo::no_rule is no test of the look-alike",
                "lab/tests/lab_nix/main.rs:2: docs/lab.md has no row for top",
            ]
        );
    }
}
