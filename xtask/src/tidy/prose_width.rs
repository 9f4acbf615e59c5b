//! Prose of documents fits a terminal.

use anyhow::Result;

use super::markdown::prose;
use super::tree::{Finding, Tree};

/// The most columns of a line.
const WIDTH: usize = 100;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.path.ends_with(".md")) {
        for (number, line) in prose(file.text()) {
            let columns = line.chars().count();
            if columns > WIDTH && can_be_broken(line) {
                found.push(Finding::at(file, number, format!("{columns} columns, more than {WIDTH}")));
            }
        }
    }
    Ok(found)
}

/// Whether there is a blank to break the line at, within the width. Tables and headings have none, nor do links and code.
fn can_be_broken(line: &str) -> bool {
    let text = line.trim_start();
    let is_one_line = text.starts_with('|') || text.starts_with('#') || line.starts_with("    ");
    if is_one_line || (text.starts_with('[') && text.contains("]: ")) {
        return false;
    }
    let indent = line.chars().count() - text.chars().count();
    let (mut in_code, mut in_link, mut words) = (false, false, 0);
    for (at, c) in line.chars().enumerate().take(WIDTH + 1).skip(indent) {
        match c {
            '`' => in_code = !in_code,
            '[' if !in_code => in_link = true,
            ')' if !in_code => in_link = false,
            ' ' if !in_code && !in_link => words += 1,
            _ => {}
        }
        // The blank behind the mark of a list breaks nothing.
        if words > 1 && at > indent + 4 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn long_prose_is_found_and_nothing_else() {
        let long = "word ".repeat(30);
        let link = format!("- [{}](docs/x.md)", "x ".repeat(60));
        let text =
            format!("{long}\nshort\n| {long} |\n```\n{long}\n```\n# {long}\n    {long}\n{link}\n- {long}\n");
        let tree = Tree::of(&[("a.md", &text), ("b.rs", &long)]);
        assert_eq!(
            told(check(&tree)),
            ["a.md:1: 150 columns, more than 100", "a.md:10: 152 columns, more than 100"]
        );
    }
}
