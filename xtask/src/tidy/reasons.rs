//! A lint that is turned off says why.

use anyhow::Result;

use super::masked::Masked;
use super::tree::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let code = Masked::of(file.text()).code;
        let lines: Vec<&str> = code.lines().collect();
        let text: Vec<&str> = file.text().lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let start = line.trim_start();
            if !(start.starts_with("#[") || start.starts_with("#![")) {
                continue;
            }
            let attribute = attribute(&lines[at..]);
            let Some(lint) = ["allow(", "expect("].iter().find(|word| attribute.contains(*word)) else {
                continue;
            };
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let said = attribute.contains("reason =")
                || text[at].contains("//")
                || before.is_some_and(|before| before.trim_start().starts_with("//"));
            if !said {
                found.push(Finding::at(file, at + 1, format!("{lint}…) without a reason")));
            }
        }
    }
    Ok(found)
}

/// The attribute that the first line opens, to its closing bracket.
fn attribute(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut depth = 0i32;
    for c in lines.iter().flat_map(|line| line.chars().chain(['\n'])) {
        text.push(c);
        match c {
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        told(check(&Tree::of(&[("a.rs", text)])))
    }

    #[test]
    fn a_silent_allow_is_found() {
        assert_eq!(
            lines("fn a() {}\n#[allow(dead_code)]\nfn b() {}\n#![cfg_attr(test, expect(unused))]\n"),
            ["a.rs:2: allow(…) without a reason", "a.rs:4: expect(…) without a reason"]
        );
    }

    #[test]
    fn reasons_come_in_three_forms() {
        let text = "#[allow(\n    dead_code,\n    reason = \"wanted\"\n)]\nfn a() {}\n\
                    #[allow(dead_code)] // wanted\nfn b() {}\n// wanted\n#[expect(dead_code)]\nfn c() {}\n\
                    const T: &str = \"\n#[allow(x)]\n\";\n";
        assert!(lines(text).is_empty(), "{:?}", lines(text));
    }
}
