//! No private key is tracked, not even one for tests.

use anyhow::Result;

use super::tree::{Finding, Tree};

/// The end of the line that opens a key; what follows it must look like one.
const OPENS: &str = concat!("PRIVATE KEY", "-----");
/// The shortest run that is taken for key material.
const RUN: usize = 24;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.files() {
        let text = file.text();
        for (at, _) in text.match_indices(OPENS) {
            let after = text[at + OPENS.len()..].trim_start_matches("\\n");
            let after = after.trim_start_matches(|c: char| c.is_whitespace() || "\"',\\+#/".contains(c));
            let run = after.chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).count();
            if run >= RUN {
                let line = text[..at].lines().count();
                found.push(Finding::at(file, line, "a private key"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn a_key_is_found_and_its_name_is_not() {
        let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";
        let key = format!("x\n-----BEGIN OPENSSH {OPENS}\n{body}\n");
        let string = format!("const KEY: &str = \"-----BEGIN {OPENS}\\n{body}\";\n");
        let talk = format!("a line such as -----BEGIN {OPENS} opens one\n");
        let tree = Tree::of(&[("id", &key), ("a.rs", &string), ("b.md", &talk)]);
        assert_eq!(told(check(&tree)), ["id:2: a private key", "a.rs:1: a private key"]);
    }
}
