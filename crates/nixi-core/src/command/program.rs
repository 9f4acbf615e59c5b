//! Names of programs.

use std::fmt;

/// The name of a program, without a folder: where it lies is looked up on the node, as NixOS lays it out
/// (see [`crate::shell`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Program(&'static str);

impl Program {
    /// Names a program.
    ///
    /// # Panics
    /// When the name is empty, starts with `-`, or holds anything but letters, digits, `-`, `_`, `.` and `+`. In a
    /// `const` that is a compile error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes[0] != b'-', "a program needs a name that is not an option");
        let mut at = 0;
        while at < bytes.len() {
            let b = bytes[at];
            assert!(
                b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+'),
                "a program is named without a folder"
            );
            at += 1;
        }
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
