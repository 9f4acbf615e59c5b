//! The files that the rules look at, and what a rule finds.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::masked::Masked;
use crate::checkout;
use crate::program::{output_of, program};

/// A file of the checkout. `path` is relative to the workspace, with `/`.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// The text; a file that is not text has none (rule binary-file speaks of it).
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.name() == "tests.rs"
    }

    /// Rust text without what a `#[cfg(test)] mod` at its end holds.
    pub(crate) fn product(&self) -> Masked {
        let text = self.text();
        let mut lines = 0;
        for (at, line) in text.lines().enumerate() {
            let opens_tests = line == "#[cfg(test)]"
                && text
                    .lines()
                    .skip(at + 1)
                    .find(|next| !next.starts_with("#["))
                    .map(|next| next.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) "))
                    .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
            if opens_tests {
                break;
            }
            lines = at + 1;
        }
        Masked::of(&text.lines().take(lines).map(|line| format!("{line}\n")).collect::<String>())
    }
}

/// Files that are tracked, or would be by `git add`.
#[derive(Debug)]
pub(crate) struct Tree {
    files: Vec<File>,
}

impl Tree {
    pub(crate) fn of_checkout() -> Result<Self> {
        let root = checkout::root()?;
        let mut list = program("git");
        list.arg("-c").arg(format!("safe.directory={}", root.display()));
        list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
        let listed = output_of(&mut list).context("tidy looks at what git tracks")?;
        let mut files = Vec::new();
        for path in listed.split_terminator('\0') {
            // A file that is deleted, or a link that leads out, has no bytes of ours.
            if let Some(bytes) = read(&root.join(path))? {
                files.push(File { path: path.to_owned(), bytes });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() })
            .collect();
        Self { files }
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let start = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path.starts_with(&start))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match path.symlink_metadata() {
        Ok(kind) if kind.is_file() => {
            Ok(Some(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
        }
        _ => Ok(None),
    }
}

/// One breach of a rule. Line 0 means the file as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    says: String,
}

impl Finding {
    pub(crate) fn at(file: &File, line: usize, says: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, says: says.into() }
    }

    pub(crate) fn of_file(path: &str, says: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, says: says.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.says),
            line => write!(f, "{}:{line}: {}", self.path, self.says),
        }
    }
}

/// What the findings say, for the tests of rules.
#[cfg(test)]
pub(crate) fn told(findings: Result<Vec<Finding>>) -> Vec<String> {
    findings.unwrap().iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_ends_where_the_tests_begin() {
        let tree = Tree::of(&[(
            "a.rs",
            "fn a() {}\n#[cfg(test)]\n#[rustfmt::skip]\nmod tests {\n    fn b() {}\n}\n",
        )]);
        assert_eq!(tree.files()[0].product().code, "fn a() {}\n");
        let shared = "fn a() {}\n#[cfg(test)]\npub(crate) mod tests {\n    fn b() {}\n}\n";
        assert_eq!(Tree::of(&[("a.rs", shared)]).files()[0].product().code, "fn a() {}\n");
        let tree = Tree::of(&[("a.rs", "#[cfg(test)]\nfn only_in_tests() {}\nfn a() {}\n")]);
        assert_eq!(tree.files()[0].product().code.lines().count(), 3);
    }

    #[test]
    fn whole_files_of_tests_are_known() {
        let of = |path: &str| Tree::of(&[(path, "")]).files()[0].is_test();
        assert!(of("tests/loopback.rs") && of("crates/x/tests/ui/a.rs") && of("crates/x/src/a/tests.rs"));
        assert!(!of("crates/x/src/contests.rs"));
    }
}
