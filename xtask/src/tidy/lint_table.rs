//! Each member takes the lints of the workspace.

use anyhow::Result;

use super::tree::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let manifests = tree.files().iter().filter(|file| file.name() == "Cargo.toml");
    Ok(manifests
        .filter(|file| file.text().lines().any(|line| line.trim() == "[package]"))
        .filter(|file| !takes_lints(file.text()))
        .map(|file| Finding::of_file(&file.path, "does not take the workspace's lints"))
        .collect())
}

fn takes_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn a_member_without_lints_is_found() {
        let tree = Tree::of(&[
            ("a/Cargo.toml", "[package]\nname = \"a\"\n\n[lints]\n# all of them\nworkspace = true\n"),
            ("b/Cargo.toml", "[package]\nname = \"b\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n"),
            ("Cargo.toml", "[workspace]\nmembers = []\n"),
        ]);
        assert_eq!(told(check(&tree)), ["b/Cargo.toml: does not take the workspace's lints"]);
    }
}
