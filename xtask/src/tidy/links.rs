//! Links between documents, and from ARCHITECTURE.md into the code, lead somewhere.

use anyhow::Result;

use super::markdown::{Link, anchors, links};
use super::tree::{File, Finding, Tree};

/// Here a link's text, where it is a `` `Symbol` ``, must stand in the Rust file that the link names.
const MAP: &str = "ARCHITECTURE.md";

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.path.ends_with(".md")) {
        for link in links(file.text()) {
            if let Err(says) = follow(tree, file, &link) {
                found.push(Finding::at(file, link.line, says));
            }
        }
    }
    Ok(found)
}

fn follow(tree: &Tree, from: &File, link: &Link) -> Result<(), String> {
    let target = &link.target;
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (path, anchor) = target.split_once('#').map_or((target.as_str(), None), |(p, a)| (p, Some(a)));
    let to = if path.is_empty() {
        from
    } else {
        let full = join(&from.path, path).ok_or_else(|| format!("{target} leads out of the checkout"))?;
        match tree.get(&full) {
            Some(to) => to,
            None if full.is_empty() || tree.has_folder(&full) => return Ok(()),
            None => return Err(format!("{target}: no such file")),
        }
    };
    if let Some(anchor) = anchor {
        if !to.path.ends_with(".md") {
            return Err(format!("{target} names a place in a file that moves; name a symbol"));
        }
        if !anchors(to.text()).iter().any(|known| known == anchor) {
            return Err(format!("{target}: no such heading"));
        }
    }
    match symbol(&link.text) {
        Some(symbol) if from.name() == MAP && to.is_rust() && !has_word(to.text(), symbol) => {
            Err(format!("{symbol} is not in {}", to.path))
        }
        _ => Ok(()),
    }
}

/// The path that a relative link means, seen from the file that holds it.
fn join(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// `Plan::digest()` in backticks means the identifier `digest`; a path in backticks means none.
fn symbol(text: &str) -> Option<&str> {
    let name = text.strip_prefix('`')?.strip_suffix('`')?;
    let name = name.split(['(', '<', '!']).next()?;
    let last = name.rsplit("::").next()?;
    let word = !last.is_empty() && last.chars().all(|c| c.is_alphanumeric() || c == '_');
    word.then_some(last)
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn says(text: &str) -> Vec<String> {
        told(check(&Tree::of(&[
            ("ARCHITECTURE.md", text),
            ("docs/a.md", "# One heading\nsee [up](../ARCHITECTURE.md)\n"),
            ("src/plan.rs", "pub struct Plan;\nimpl Plan { pub fn digest(&self) {} }\n"),
        ])))
    }

    #[test]
    fn good_links_are_silent() {
        let text = "# Top\n[a](docs/a.md#one-heading) [b](docs/) [c](#top) [d](https://example.org/x)\n\
                    [`Plan::digest()`](src/plan.rs) [`src/plan.rs`](src/plan.rs) [the plan](src/plan.rs)\n";
        assert!(says(text).is_empty(), "{:?}", says(text));
    }

    #[test]
    fn each_bad_link_is_told() {
        let text = "[a](docs/b.md)\n[b](docs/a.md#two)\n[c](src/plan.rs#L2)\n[`Plan::apply`](src/plan.rs)\n[e](../x)\n";
        assert_eq!(
            says(text),
            [
                "ARCHITECTURE.md:1: docs/b.md: no such file",
                "ARCHITECTURE.md:2: docs/a.md#two: no such heading",
                "ARCHITECTURE.md:3: src/plan.rs#L2 names a place in a file that moves; name a symbol",
                "ARCHITECTURE.md:4: apply is not in src/plan.rs",
                "ARCHITECTURE.md:5: ../x leads out of the checkout",
            ]
        );
    }
}
