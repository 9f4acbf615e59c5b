//! Packages come from crates.io, and no tracked file knows another registry's host.

use anyhow::Result;

use super::tree::{Finding, Tree};

const INDEX: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
/// Parts of the names of variables that hold a registry or a proxy of this machine.
const SETTINGS: &[&str] = &["INDEX", "REGISTRY", "REGISTRIES", "FIND_LINKS", "PROXY", "MIRROR"];
const PUBLIC: &[&str] = &[
    "crates.io",
    "index.crates.io",
    "static.crates.io",
    "pypi.org",
    "files.pythonhosted.org",
    "github.com",
    "localhost",
    "127.0.0.1",
];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let hosts: Vec<String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| SETTINGS.iter().any(|part| name.to_uppercase().contains(part)))
        .flat_map(|(_, value)| hosts_of(&value))
        .collect();
    Ok(search(tree, &hosts))
}

fn hosts_of(value: &str) -> Vec<String> {
    value
        .split("://")
        .skip(1)
        .filter_map(|rest| {
            let place = rest.split(['/', ' ', ',', '?', '#']).next()?;
            let host = place.rsplit('@').next()?;
            let host = host.split(':').next()?;
            (host.len() > 3 && !PUBLIC.contains(&host)).then(|| host.to_owned())
        })
        .collect()
}

fn search(tree: &Tree, hosts: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files() {
        let settings = file.path == ".cargo/config.toml" || file.path.ends_with("/.cargo/config.toml");
        for (at, line) in file.text().lines().enumerate() {
            let says = if file.name() == "Cargo.lock" && line.starts_with("source = ") && line != INDEX {
                "a package that is not from crates.io"
            } else if settings && replaces_registry(line) {
                "a registry setting"
            } else if hosts.iter().any(|host| line.contains(host.as_str())) {
                "a host of this machine's registry or proxy settings"
            } else {
                continue;
            };
            found.push(Finding::at(file, at + 1, says));
        }
    }
    found
}

fn replaces_registry(line: &str) -> bool {
    let line = line.trim_start();
    ["[source", "[registr", "replace-with", "registry", "index", "proxy"]
        .iter()
        .any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_settings() {
        assert_eq!(hosts_of("http://user:pw@mirror.example:8080/simple/"), ["mirror.example"]);
        assert_eq!(hosts_of("https://pypi.org/simple https://a.example/x"), ["a.example"]);
        assert!(hosts_of("/some/folder").is_empty());
    }

    #[test]
    fn strange_sources_are_found() {
        let lock = format!("{INDEX}\nsource = \"registry+https://mirror.example/index\"\n");
        let tree = Tree::of(&[
            ("Cargo.lock", &lock),
            (".cargo/config.toml", "[alias]\nxtask = \"run\"\n[source.crates-io]\n"),
            ("README.md", "see mirror.example\n"),
        ]);
        let found: Vec<_> =
            search(&tree, &["mirror.example".to_owned()]).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "Cargo.lock:2: a package that is not from crates.io",
                ".cargo/config.toml:3: a registry setting",
                "README.md:1: a host of this machine's registry or proxy settings",
            ]
        );
    }
}
