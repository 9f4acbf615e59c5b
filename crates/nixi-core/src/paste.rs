//! Values in what a person is told to paste: into a shell, or into a configuration of NixOS. Whatever they hold, they stay
//! one word.

use std::path::Path;

use crate::{shell, text};

/// The reserved words of Nix, which are no names of attributes unless they are quoted.
const RESERVED: [&str; 10] = ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

/// A word for a shell.
#[must_use]
pub fn word(word: &str) -> String {
    shell::word(&text::clean_line(word)).map_or_else(|_| String::new(), Into::into)
}

/// A path for a shell.
#[must_use]
pub fn path(path: &Path) -> String {
    word(&path.to_string_lossy())
}

/// A name as an attribute of Nix: in quotes where it is more than a word.
#[must_use]
pub fn attribute(name: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let begins_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins_word && name.chars().all(is_of_word) && !RESERVED.contains(&name) {
        return name.to_owned();
    }
    let escaped = text::clean_line(name).replace('\\', r"\\").replace('"', "\\\"").replace("${", r"\${");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_attribute_whatever_it_holds() {
        for (name, attribute) in [
            ("nixi", "nixi"),
            ("_a-1", "_a-1"),
            ("alice@corp.example.com", "\"alice@corp.example.com\""),
            (r"CORP\alice", r#""CORP\\alice""#),
            ("1st", "\"1st\""),
            ("let", "\"let\""),
            ("a\"b", r#""a\"b""#),
            ("a${b}", r#""a\${b}""#),
            ("", "\"\""),
        ] {
            assert_eq!(super::attribute(name), attribute);
        }
    }

    #[test]
    fn a_path_is_one_word_whatever_it_holds() {
        assert_eq!(path(Path::new("/etc/nixi/key")), "/etc/nixi/key");
        assert_eq!(path(Path::new("/home/ann b/it's $(x)")), r"'/home/ann b/it'\''s $(x)'");
        assert_eq!(word("a\nb"), "'a b'");
    }
}
