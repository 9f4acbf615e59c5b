//! Everything tracked is text that a reviewer can read.

use anyhow::Result;

use super::tree::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let binary = |bytes: &[u8]| bytes.contains(&0) || std::str::from_utf8(bytes).is_err();
    Ok(tree
        .files()
        .iter()
        .filter(|file| binary(&file.bytes))
        .map(|file| Finding::of_file(&file.path, "not text"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn a_nul_is_found() {
        let tree = Tree::of(&[("a.bin", "\u{7f}ELF\0"), ("b.txt", "grüße\n")]);
        assert_eq!(told(check(&tree)), ["a.bin: not text"]);
    }
}
