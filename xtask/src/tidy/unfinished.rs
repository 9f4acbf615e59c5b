//! Nothing unfinished is left lying in the code.

use anyhow::Result;

use super::tree::{File, Finding, Tree};

/// Put together here, so that this file keeps its own rule.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("#[ig", "nore"),
];

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| is_code(file)) {
        for (at, line) in file.text().lines().enumerate() {
            if let Some(mark) = MARKS.iter().find(|mark| stands_alone(line, mark)) {
                found.push(Finding::at(file, at + 1, *mark));
            }
        }
    }
    Ok(found)
}

fn is_code(file: &File) -> bool {
    let ends = [".rs", ".toml", ".nix", ".sh", ".py", ".yml"].iter().any(|end| file.path.ends_with(end));
    ends || file.path == ".ci/run" || file.path == "justfile"
}

fn stands_alone(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let ends_open = mark.ends_with(|c: char| c.is_alphanumeric()) && !mark.starts_with('#');
        let before = line[..at].chars().next_back();
        let after = line[at + mark.len()..].chars().next().filter(|_| ends_open);
        !word(before) && !word(after)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn marks_are_found_as_words() {
        let text = format!(
            "// {}: later\nlet {}_LIST = 1;\n    {}()\n    {}]\n",
            MARKS[0], MARKS[0], MARKS[2], MARKS[4]
        );
        let tree = Tree::of(&[("a.rs", &text), ("a.md", &text)]);
        let lines: Vec<_> = told(check(&tree)).iter().map(|line| line[..6].to_owned()).collect();
        assert_eq!(lines, ["a.rs:1", "a.rs:3", "a.rs:4"]);
    }
}
