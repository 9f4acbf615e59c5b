//! The dependency star: the parts know the core, the facade knows the parts, the front ends know the facade.

use anyhow::Result;

use super::tree::{Finding, Tree};
use crate::checkout::{Dependency, Package, metadata, metadata_of, root};

/// Which members a member may depend on. A member that is not listed may not exist.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("nixi-core", &[]),
    ("nixi-ssh", &["nixi-core"]),
    ("nixi-tools", &["nixi-core"]),
    ("nixi-llm", &["nixi-core"]),
    ("nixi", &["nixi-core", "nixi-ssh", "nixi-tools", "nixi-llm"]),
    ("nixi-tui", &["nixi", "nixi-core"]),
    ("nixi-cli", &["nixi", "nixi-core", "nixi-tui"]),
    ("nixi-lab", &[]),
    ("nixi-bench", &["nixi", "nixi-lab"]),
    ("xtask", &["nixi-lab"]),
];

/// For tests only, so anybody's dev-dependency.
const HARNESS: &str = "nixi-lab";

/// Measures the product against what it is made of, so it may use that too; nobody may know it.
const MEASURES: &str = "nixi-bench";

/// Outside crates that stop at one member.
const KEPT_IN: &[(&str, &str)] = &[
    ("ssh2", "nixi-ssh"),
    ("libssh2-sys", "nixi-ssh"),
    ("async-openai", "nixi-llm"),
    ("reqwest", "nixi-llm"),
    ("clap", "nixi-cli"),
    ("clap_complete", "nixi-cli"),
    ("clap_mangen", "nixi-cli"),
    ("ratatui", "nixi-tui"),
    ("russh", MEASURES),
];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let (root, mut packages) = (root()?, metadata()?.packages);
    packages.extend(metadata_of("benches/Cargo.toml")?.packages);
    let mut found = Vec::new();
    for package in &packages {
        let path = package.manifest_path.strip_prefix(&root).unwrap_or(&package.manifest_path);
        let path = path.to_string_lossy().into_owned();
        for breach in breaches(package, &packages) {
            let place = tree.get(&path).zip(breach.dependency.as_deref());
            found.push(match place {
                Some((file, dependency)) => Finding::at(file, line_of(file.text(), dependency), breach.says),
                None => Finding::of_file(&path, breach.says),
            });
        }
    }
    Ok(found)
}

struct Breach {
    dependency: Option<String>,
    says: String,
}

fn breaches(package: &Package, all: &[Package]) -> Vec<Breach> {
    let name = package.name.as_str();
    let Some((_, known)) = MAY_KNOW.iter().find(|(member, _)| *member == name) else {
        return vec![Breach {
            dependency: None,
            says: format!("{name} has no place in the star (xtask/src/tidy/star.rs)"),
        }];
    };
    let is_member = |dependency: &Dependency| all.iter().any(|package| package.name == dependency.name);
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let other = dependency.name.as_str();
        let may = known.contains(&other) || (for_tests && other == HARNESS);
        let keeper = KEPT_IN.iter().find(|(kept, _)| *kept == other).map(|(_, keeper)| *keeper);
        let says = match keeper {
            _ if is_member(dependency) && !may => format!("{name} may not know {other}"),
            Some(keeper) if keeper != name && name != MEASURES => format!("only {keeper} may use {other}"),
            _ => continue,
        };
        found.push(Breach { dependency: Some(other.to_owned()), says });
    }
    found
}

fn line_of(manifest: &str, dependency: &str) -> usize {
    let names =
        |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(names).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: kind.map(str::to_owned) })
            .collect();
        Package { name: name.to_owned(), manifest_path: "Cargo.toml".into(), dependencies }
    }

    fn says(package: &Package) -> Vec<String> {
        let all: Vec<_> = MAY_KNOW.iter().map(|(name, _)| self::package(name, &[])).collect();
        breaches(package, &all).into_iter().map(|breach| breach.says).collect()
    }

    #[test]
    fn parts_know_the_core_alone() {
        let good = package("nixi-ssh", &[("nixi-core", None), ("ssh2", None), ("nixi-lab", Some("dev"))]);
        assert!(says(&good).is_empty());
        let bad = package("nixi-ssh", &[("nixi-tools", None), ("nixi-llm", Some("dev")), ("nixi-lab", None)]);
        assert_eq!(
            says(&bad),
            [
                "nixi-ssh may not know nixi-tools",
                "nixi-ssh may not know nixi-llm",
                "nixi-ssh may not know nixi-lab"
            ]
        );
    }

    #[test]
    fn outside_crates_stay_where_they_are_kept() {
        assert_eq!(says(&package("nixi-tui", &[("ssh2", None)])), ["only nixi-ssh may use ssh2"]);
        assert_eq!(says(&package("xtask", &[("clap", None)])), ["only nixi-cli may use clap"]);
    }

    #[test]
    fn the_benches_may_use_what_they_measure_against_and_stay_outside() {
        let bench = package(MEASURES, &[("nixi", None), ("nixi-lab", None), ("ssh2", None), ("russh", None)]);
        assert!(says(&bench).is_empty());
        assert_eq!(says(&package("nixi-ssh", &[("russh", None)])), ["only nixi-bench may use russh"]);
        assert_eq!(says(&package("nixi", &[("nixi-bench", Some("dev"))])), ["nixi may not know nixi-bench"]);
    }

    #[test]
    fn a_stranger_is_told() {
        assert_eq!(
            says(&package("nixi-new", &[])),
            ["nixi-new has no place in the star (xtask/src/tidy/star.rs)"]
        );
    }

    #[test]
    fn the_line_is_the_dependency_itself() {
        assert_eq!(line_of("[dependencies]\nnixi-core.workspace = true\nnixi = \"1\"\n", "nixi"), 3);
    }
}
