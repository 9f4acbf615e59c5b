//! Files stay small enough to be read at one sitting.

use anyhow::Result;

use super::tree::{Finding, Tree};

const LIMIT: usize = 500;

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        let lines = file.product().code.lines().count();
        if lines > LIMIT {
            found.push(Finding::of_file(
                &file.path,
                format!("{lines} lines without tests, more than {LIMIT}"),
            ));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    #[test]
    fn tests_do_not_count() {
        let code = "// a line\n".repeat(LIMIT);
        let with_tests = format!("{code}#[cfg(test)]\nmod tests {{\n{}}}\n", "    // a line\n".repeat(LIMIT));
        let longer = format!("{code}// one more\n");
        let tree =
            Tree::of(&[("a.rs", &code), ("b.rs", &with_tests), ("c.rs", &longer), ("tests/d.rs", &longer)]);
        assert_eq!(told(check(&tree)), ["c.rs: 501 lines without tests, more than 500"]);
    }
}
