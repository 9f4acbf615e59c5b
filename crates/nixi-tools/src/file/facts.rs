//! What a node says of one file.

use nixi_core::instant::Instant;
use schemars::JsonSchema;
use serde::Serialize;

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A file with content.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A device of characters.
    CharacterDevice,
    /// A device of blocks.
    BlockDevice,
    /// What this list does not know.
    Other,
}

impl FileKind {
    /// By the mode that stat(2) tells (inode(7), `S_IFMT`).
    fn of_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o100_000 => Self::File,
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            0o010_000 => Self::Pipe,
            0o140_000 => Self::Socket,
            0o020_000 => Self::CharacterDevice,
            0o060_000 => Self::BlockDevice,
            _ => Self::Other,
        }
    }

    /// By the letter that find(1) has for it (`-printf`, `%y`).
    pub(super) fn of_letter(letter: &str) -> Self {
        match letter {
            "f" => Self::File,
            "d" => Self::Folder,
            "l" => Self::Link,
            "p" => Self::Pipe,
            "s" => Self::Socket,
            "c" => Self::CharacterDevice,
            "b" => Self::BlockDevice,
            _ => Self::Other,
        }
    }

    /// With its article, for messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::CharacterDevice | Self::BlockDevice => "a device",
            Self::Other => "no file",
        }
    }
}

/// What stat(1) tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: FileKind,
    /// Permissions, set-user-ID and the like among them.
    pub(super) mode: u32,
    pub(super) bytes: u64,
    pub(super) user: Owner,
    pub(super) group: Owner,
    pub(super) modified: Instant,
    /// How many names it has.
    pub(super) names: u64,
}

impl Facts {
    /// Whether [`nixi_core::catalog::file::rights`] printed this of the same file with the same rights.
    pub(super) fn has_rights(&self, printed: &str) -> bool {
        let fields: Vec<&str> = printed.split('\0').collect();
        let [mode, user, group, ""] = fields[..] else { return false };
        let is_mode = |mode: u32| (FileKind::of_mode(mode), mode & 0o7777) == (self.kind, self.mode);
        u32::from_str_radix(mode, 16).is_ok_and(is_mode)
            && user.parse() == Ok(self.user.number)
            && group.parse() == Ok(self.group.number)
    }

    /// Whether these are of the same file with the same rights, as far as they tell; its content aside.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        let told = |facts: &Self| (facts.kind, facts.mode, facts.user.number, facts.group.number);
        told(self) == told(other)
    }
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) number: u32,
    name: String,
}

impl Owner {
    /// Its name; its number where it has none.
    pub(super) fn shown(&self) -> String {
        // stat(1) says this of a number without a name.
        if self.name == "UNKNOWN" { self.number.to_string() } else { self.name.clone() }
    }
}

/// Reads what [`nixi_core::catalog::file::facts`] printed.
pub(super) fn facts(printed: &str) -> Result<Facts, String> {
    let fields: Vec<&str> = printed.split('\0').collect();
    let [mode, bytes, user, user_name, group, group_name, modified, names, ""] = fields[..] else {
        return Err("it does not have eight fields".to_owned());
    };
    let odd = |what: &str| format!("{what} cannot be read");
    let number = |text: &str, what: &str| text.parse::<u32>().map_err(|_| odd(what));
    let mode = u32::from_str_radix(mode, 16).map_err(|_| odd("the type"))?;
    Ok(Facts {
        kind: FileKind::of_mode(mode),
        mode: mode & 0o7777,
        bytes: bytes.parse().map_err(|_| odd("the size"))?,
        user: Owner { number: number(user, "the owner")?, name: user_name.to_owned() },
        group: Owner { number: number(group, "the group")?, name: group_name.to_owned() },
        modified: Instant::of_seconds(modified.parse().map_err(|_| odd("the time"))?),
        names: names.parse().map_err(|_| odd("the number of names"))?,
    })
}

/// `0644`
pub(super) fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_those_of_the_same_file() {
        let told = facts("81a4\x0012\x001000\x00anna\x00100\x00users\x001764000000\x001\x00").unwrap();
        assert!(told.has_rights("81a4\x001000\x00100\0"));
        for other in [
            "",
            "81a4\x001000\x00100",
            "8180\x001000\x00100\0",
            "a1a4\x001000\x00100\0",
            "81a4\x000\x00100\0",
            "81a4\x001000\x000\0",
            "x\x001000\x00100\0",
        ] {
            assert!(!told.has_rights(other), "{other:?}");
        }
    }

    #[test]
    fn facts_are_read_field_by_field() {
        let told = facts("81a4\x0012\x001000\x00anna\x00100\x00domain users\x001764000000\x001\x00").unwrap();
        assert_eq!((told.kind, octal(told.mode).as_str(), told.bytes), (FileKind::File, "0644", 12));
        assert_eq!((told.user.shown().as_str(), told.group.shown().as_str()), ("anna", "domain users"));
        assert_eq!(told.modified.rfc3339(), "2025-11-24T16:00:00Z");
        let nameless = facts("41ed\x000\x004711\0UNKNOWN\x000\0root\0-1\x002\0").unwrap();
        assert_eq!((nameless.kind, nameless.user.shown().as_str()), (FileKind::Folder, "4711"));
        for odd in [
            "",
            "\0",
            "81a4 12\0",
            "zz\x0012\x000\0a\x000\0a\x001\x001\0",
            "81a4\x00-1\x000\0a\x000\0a\x001\x001\0",
        ] {
            assert!(facts(odd).is_err(), "{odd:?}");
        }
        let kinds = ["f", "d", "l", "p", "s", "c", "b", "D", ""].map(FileKind::of_letter);
        assert_eq!(kinds[7..], [FileKind::Other; 2]);
        for (mode, kind) in
            [(0o100_000, kinds[0]), (0o040_000, kinds[1]), (0o010_000, kinds[3]), (0, kinds[8])]
        {
            assert_eq!(FileKind::of_mode(mode), kind);
        }
    }
}
