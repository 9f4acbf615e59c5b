//! Nothing tracked knows the machine that it was written on.

use std::path::Path;

use anyhow::Result;

use super::tree::{Finding, Tree};
use crate::checkout;

/// Folders that many machines have, so that being below them tells nothing.
const COMMON: &[&str] = &[
    "/",
    "/tmp",
    "/var/tmp",
    "/home",
    "/srv",
    "/opt",
    "/src",
    "/usr/src",
    "/build",
    "/builds",
    "/workspace",
    "/workspaces",
];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let home = std::env::var("HOME").unwrap_or_default();
    Ok(search(tree, &telling(&checkout::root()?, &home)))
}

fn telling(root: &Path, home: &str) -> Vec<String> {
    let parent = root.parent().unwrap_or(root);
    let mut paths: Vec<String> = [root, parent, Path::new(home)]
        .iter()
        .map(|path| path.to_string_lossy().trim_end_matches('/').to_owned())
        .filter(|path| path.starts_with('/') && !COMMON.contains(&path.as_str()))
        .map(|path| path + "/")
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

fn search(tree: &Tree, paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files() {
        for (at, line) in file.text().lines().enumerate() {
            if let Some(path) = paths.iter().find(|path| begins_in(line, path)) {
                found.push(Finding::at(file, at + 1, format!("a path of this machine: {path}")));
            }
        }
    }
    found
}

/// Whether the path stands in the line as a path of its own, not as the end of a longer one.
fn begins_in(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '~'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_folders_tell_nothing() {
        assert_eq!(telling(Path::new("/tmp/nixi"), "/"), ["/tmp/nixi/"]);
        assert_eq!(
            telling(Path::new("/data/eve/nixi"), "/home/eve"),
            ["/data/eve/", "/data/eve/nixi/", "/home/eve/"]
        );
    }

    #[test]
    fn only_whole_paths_are_found() {
        let tree = Tree::of(&[("a.md", "in /data/eve/x\nin /mnt/data/eve/x\n${ROOT}/data/eve/x\n")]);
        let found = search(&tree, &["/data/eve/".to_owned()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].to_string(), "a.md:1: a path of this machine: /data/eve/");
    }
}
