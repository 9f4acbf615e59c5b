//! The modules of a crate form no circle: each can be read after those that it uses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::tree::{Finding, Tree};
use super::uses;

/// Where this holds.
const PLACES: &[&str] = &["crates/nixi-ssh/src/"];

/// Modules for tests and targets of fuzzing, which may use anything.
const APART: &[&str] = &["lib", "loopback", "fuzzing"];

/// Which modules each module uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for place in PLACES {
        let mut uses = Uses::new();
        for file in tree.rust().filter(|file| !file.is_test()) {
            let Some(module) = file.path.strip_prefix(place).and_then(module) else { continue };
            if APART.contains(&module) {
                continue;
            }
            let used = used(&file.product().code);
            uses.entry(module.to_owned()).or_default().extend(used.into_iter().filter(|used| used != module));
        }
        found.extend(circle(&uses).map(|circle| Finding::of_file(place, circle.join(" uses "))));
    }
    Ok(found)
}

/// The module of a path below `src/`.
fn module(path: &str) -> Option<&str> {
    path.split(['/', '.']).next()
}

/// The modules that code names by `crate::`, in groups too.
fn used(code: &str) -> BTreeSet<String> {
    let imported = uses::paths(code).into_iter().map(|(_, path)| path);
    let code = std::iter::once(code.to_owned()).chain(imported).collect::<Vec<_>>().join("\n");
    let name =
        |rest: &str| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().map(str::to_owned);
    code.split("crate::").skip(1).filter_map(name).filter(|name| !name.is_empty()).collect()
}

/// A circle, if there is one, with its beginning at both ends.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    uses.keys().find_map(|module| walk(uses, module, &mut Vec::new(), &mut done))
}

fn walk(uses: &Uses, at: &str, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<Vec<String>> {
    if let Some(begun) = way.iter().position(|module| module == at) {
        let mut circle = way[begun..].to_vec();
        circle.push(at.to_owned());
        return Some(circle);
    }
    if done.contains(at) {
        return None;
    }
    way.push(at.to_owned());
    let found = uses.get(at).into_iter().flatten().find_map(|next| walk(uses, next, way, done));
    way.pop();
    done.insert(at.to_owned());
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn ssh<'a>(files: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
        files.iter().map(|(path, text)| (format!("crates/nixi-ssh/src/{path}"), *text)).collect()
    }

    fn told_of(files: &[(&str, &str)]) -> Vec<String> {
        let files = ssh(files);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        told(check(&Tree::of(&files)))
    }

    #[test]
    fn a_circle_is_told_from_end_to_end() {
        let files = [
            ("connect/mod.rs", "use crate::{pool::Jumps, said};\n"),
            ("connect/link.rs", "use crate::said::said;\n"),
            ("pool.rs", "fn f() -> crate::session::Session {}\n"),
            ("session.rs", "use crate::connect::Connected;\nuse crate::said::said;\n"),
            ("said.rs", ""),
        ];
        let circle = "connect uses pool uses session uses connect";
        assert_eq!(told_of(&files), [format!("crates/nixi-ssh/src/: {circle}")]);
    }

    #[test]
    fn tests_and_a_module_in_itself_are_no_circle() {
        let files = [
            ("a/mod.rs", "use crate::b::B;\nuse crate::a::x;\n// crate::c\n"),
            ("b.rs", "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
            ("loopback/mod.rs", "use crate::a::A;\n"),
            ("lib.rs", "use crate::{a, b};\n"),
        ];
        assert!(told_of(&files).is_empty());
    }
}
