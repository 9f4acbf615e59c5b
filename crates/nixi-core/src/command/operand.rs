//! Operands: values from people, models and nodes that become arguments of a command.
//!
//! Each is checked when it is parsed. None starts with `-`, so that no value is ever read as an option.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::word::{BadWord, checked_word};

checked_word! {
    /// The name or id of a container: as podman and docker take it, `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, at most 128.
    ContainerName, "a container name", |word| match word.as_bytes() {
        [] => Err("it is empty"),
        bytes if bytes.len() > 128 => Err("it is longer than 128 characters"),
        [first, ..] if !first.is_ascii_alphanumeric() => Err("it does not start with a letter or digit"),
        bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)) => Ok(()),
        _ => Err("use letters, digits, `_`, `.` and `-`"),
    }
}

impl ContainerName {
    pub(super) fn of_id(id: &ContainerId) -> Self {
        Self(id.as_str().to_owned())
    }
}

checked_word! {
    /// The full id of a container as its runtime prints it: 64 hexadecimal digits.
    ContainerId, "a container id", |word| {
        if word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(())
        } else {
            Err("it is not 64 hexadecimal digits")
        }
    }
}

checked_word! {
    /// The name of a systemd unit (systemd.unit(5)), with or without `.service`; no glob.
    UnitName, "a unit name", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 255 => Err("it is longer than 255 characters"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b)) => Ok(()),
        _ => Err("use letters, digits, and `:-_.\\@`"),
    }
}

impl UnitName {
    const SUFFIXES: [&str; 11] = [
        ".service",
        ".socket",
        ".device",
        ".mount",
        ".automount",
        ".swap",
        ".target",
        ".path",
        ".timer",
        ".slice",
        ".scope",
    ];

    /// The name with `.service` behind it, unless it names another kind of unit.
    #[must_use]
    pub fn qualified(&self) -> Self {
        if Self::SUFFIXES.iter().any(|suffix| self.as_str().ends_with(suffix)) {
            self.clone()
        } else {
            Self(format!("{}.service", self.as_str()))
        }
    }

    /// Whether it is a template (`getty@.service`), of which only instances are units.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.qualified().as_str().rsplit_once('.').is_some_and(|(stem, _)| stem.ends_with('@'))
    }
}

checked_word! {
    /// An absolute path to a file: no `.` or `..` in it, no control characters, at most 1,024 bytes.
    FilePath, "a path to a file", |word| match word {
        _ if !word.starts_with('/') => Err("it does not start with `/`"),
        _ if word.len() > 1024 => Err("it is longer than 1,024 bytes"),
        _ if word.ends_with('/') => Err("it names a folder"),
        _ if word.chars().any(char::is_control) => Err("it holds a control character"),
        _ if word.split('/').skip(1).any(|part| ["", ".", ".."].contains(&part)) => {
            Err("it holds `.`, `..` or nothing between two `/`")
        }
        _ => Ok(()),
    }
}

impl FilePath {
    /// The folder that it lies in.
    #[must_use]
    pub fn folder(&self) -> &str {
        match self.as_str().rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((folder, _)) => folder,
        }
    }

    /// A file beside it, hidden, whose name ends like this.
    pub(crate) fn beside(&self, end: &str) -> Self {
        let (folder, name) = self.as_str().rsplit_once('/').unwrap_or(("", self.as_str()));
        // A name has at most 255 bytes (limits.h, `NAME_MAX`).
        let name: String = name.chars().take(32).collect();
        Self(format!("{folder}/.{name}.{end}"))
    }
}

checked_word! {
    /// A path of the Nix store itself, `/nix/store/HASH-NAME`: 32 characters of Nix's base 32, and a name of letters, digits
    /// and `+-._?=` (the Nix manual, "Store Path").
    StorePath, "a path of the Nix store", |word| match word.strip_prefix("/nix/store/").and_then(|rest| rest.split_once('-')) {
        Some((hash, name)) => {
            let is_hash = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let is_name = (1..=211).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._?=".contains(&b));
            if is_hash && is_name { Ok(()) } else { Err("its hash or its name is none of Nix's") }
        }
        None => Err("it is not /nix/store/HASH-NAME"),
    }
}

checked_word! {
    /// An entry of the search path of Nix (`NIX_PATH`): `NAME=WHERE` or `WHERE`, where that is a path or an address, and nothing that
    /// a shell would have to expand.
    SearchEntry, "an entry of NIX_PATH", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 4096 => Err("it is longer than 4,096 bytes"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.chars().any(|c| c.is_control() || c.is_whitespace()) => Err("it holds white space"),
        _ if word.contains(['$', '@', '"', '\'', '`', '\\']) => Err("it has to be expanded first"),
        _ => Ok(()),
    }
}

checked_word! {
    /// The name of a channel as nix-channel(1) takes it: letters, digits, `_`, `.` and `-`, the first none of the last two.
    ChannelName, "a channel name", |word| match word.as_bytes() {
        bytes if bytes.is_empty() || bytes.len() > 128 => Err("it does not have 1 to 128 characters"),
        [first, ..] if !first.is_ascii_alphanumeric() && *first != b'_' => {
            Err("it does not start with a letter, digit or `_`")
        }
        // That file lies beside the channels.
        b"manifest.nix" => Err("Nix keeps a list of its own by that name"),
        bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)) => Ok(()),
        _ => Err("use letters, digits, `_`, `.` and `-`"),
    }
}

checked_word! {
    /// The address of a channel as nix-channel(1) takes it: `https://`, `http://` or `file://`, and characters of URLs
    /// (RFC 3986) that no shell, unit or Nix expression reads as anything else. It holds no login: it is shown to everybody.
    ChannelUrl, "the address of a channel", |word| {
        let rest = ["https://", "http://", "file://"].iter().find_map(|scheme| word.strip_prefix(scheme));
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%/:?=&+,@[]!".contains(&b);
        match rest {
            None => Err("it does not start with https://, http:// or file://"),
            Some(_) if word.len() > 1024 => Err("it is longer than 1,024 bytes"),
            Some("" | "/") => Err("it names no host and no path"),
            Some(rest) if rest.starts_with(['?', ':']) => Err("it names no host"),
            Some(rest) if rest.split('/').next().is_some_and(|host| host.contains('@')) => {
                Err("it holds a login; keep that in a netrc(5) file (`netrc-file` in nix.conf)")
            }
            Some(rest) if rest.bytes().all(is_plain) => Ok(()),
            Some(_) => Err("it holds white space or a character that no URL has"),
        }
    }
}

checked_word! {
    /// The name of a host as NixOS takes it (`networking.hostName`): letters, digits, `-` and `_`, at most 63.
    HostName, "a host name", |word| match word.as_bytes() {
        [first, ..] if !first.is_ascii_alphanumeric() => Err("it does not start with a letter or digit"),
        bytes if bytes.is_empty() || bytes.len() > 63 => Err("it does not have 1 to 63 characters"),
        bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)) => Ok(()),
        _ => Err("use letters, digits, `-` and `_`"),
    }
}

checked_word! {
    /// The permissions of a file as chmod(1) takes them in octal, `0644` or `644`; no set-user-ID and the like.
    FileMode, "the permissions of a file", |word| {
        let digits = word.strip_prefix('0').filter(|rest| rest.len() == 3).unwrap_or(word);
        if digits.len() == 3 && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
            Ok(())
        } else {
            Err("write three octal digits, as 0644")
        }
    }
}

impl FileMode {
    /// The bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        u32::from_str_radix(self.as_str(), 8).unwrap_or(0)
    }
}

checked_word! {
    /// The owner of a file as chown(1) takes it: a user, or a user and a group, `USER:GROUP`.
    FileOwner, "an owner of a file", |word| {
        let plain = |name: &str| {
            !name.is_empty()
                && name.len() <= 32
                && !name.starts_with(['-', '.'])
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match word.split_once(':') {
            None if plain(word) => Ok(()),
            Some((user, group)) if plain(user) && plain(group) => Ok(()),
            _ => Err("write USER or USER:GROUP"),
        }
    }
}

checked_word! {
    /// A point in time as journalctl(1) takes it (systemd.time(7)): `2026-11-22 10:00`, `yesterday`, `1h ago`.
    TimeSpec, "a time", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 64 => Err("it is longer than 64 characters"),
        _ if word.starts_with('-') => Err("it starts with `-`; write `1h ago`"),
        _ if word.bytes().all(|b| b.is_ascii_alphanumeric() || b" :-+.".contains(&b)) => Ok(()),
        _ => Err("use a form of systemd.time(7), such as `1h ago` or `2026-11-22 10:00`"),
    }
}

checked_word! {
    /// A pattern that log lines must match (journalctl(1), `--grep`); it does not start with `-`.
    Grep, "a pattern", |word| match word {
        "" => Err("it is empty"),
        _ if word.len() > 256 => Err("it is longer than 256 characters"),
        _ if word.starts_with('-') => Err("it starts with `-`"),
        _ if word.chars().any(char::is_control) => Err("it holds a control character"),
        _ => Ok(()),
    }
}

checked_word! {
    /// A host name or address that a diagnosis goes out to.
    NetTarget, "a host to reach", |word| {
        word.parse::<crate::node::Host>().map(drop).map_err(|error| error.why())
    }
}

/// Declares a whole number with bounds: `TryFrom<u32>`, serde through it, an integer schema.
macro_rules! bounded_number {
    ($(#[$doc:meta])* $name:ident, $what:literal, $min:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "u32", into = "u32")]
        #[schemars(inline, extend("minimum" = $min, "maximum" = $max))]
        pub struct $name(u32);

        impl TryFrom<u32> for $name {
            type Error = BadWord;
            fn try_from(number: u32) -> Result<Self, BadWord> {
                if ($min..=$max).contains(&number) {
                    Ok(Self(number))
                } else {
                    Err(BadWord::new($what, &number.to_string(), concat!("use ", $min, " to ", $max)))
                }
            }
        }

        impl From<$name> for u32 {
            fn from(number: $name) -> u32 {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

bounded_number! {
    /// How many log lines, the newest first to be kept.
    Lines, "a number of lines", 1, 10000
}

impl Default for Lines {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Lines {
    /// What an action shows when nothing was said: 100.
    pub const USUAL: Self = Self(100);
}

bounded_number! {
    /// How many echo requests to send.
    PingCount, "a number of packets", 1, 20
}

impl PingCount {
    /// What an action sends when nothing was said: 3.
    pub const USUAL: Self = Self(3);
}

/// The least important message to show: the levels of syslog(3), by name as journalctl(1) prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are those of syslog(3)")]
pub enum LogPriority {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl LogPriority {
    /// All levels, the gravest first.
    pub const ALL: [Self; 8] = [
        Self::Emerg,
        Self::Alert,
        Self::Crit,
        Self::Err,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
    ];

    /// The word that journalctl takes and prints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Err => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl FromStr for LogPriority {
    type Err = BadWord;
    fn from_str(word: &str) -> Result<Self, BadWord> {
        Self::ALL.into_iter().find(|level| level.as_str() == word).ok_or_else(|| {
            BadWord::new("a priority", word, "use emerg, alert, crit, err, warning, notice, info or debug")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ever_an_option() {
        for word in ["-f", "--vacuum-time=1s", "-"] {
            assert!(word.parse::<ContainerName>().is_err());
            assert!(word.parse::<UnitName>().is_err());
            assert!(word.parse::<TimeSpec>().is_err());
            assert!(word.parse::<Grep>().is_err());
            assert!(word.parse::<NetTarget>().is_err());
        }
    }

    #[test]
    fn units_get_their_suffix() {
        let name = |word: &str| word.parse::<UnitName>().unwrap().qualified().to_string();
        assert_eq!(name("nginx"), "nginx.service");
        assert_eq!(name("nginx.service"), "nginx.service");
        assert_eq!(name("podman-web@1"), "podman-web@1.service");
        assert_eq!(name("a.timer"), "a.timer");
        assert!("nginx*".parse::<UnitName>().is_err());
    }

    #[test]
    fn permissions_are_octal_and_nothing_more() {
        let bits = |word: &str| word.parse::<FileMode>().map(|mode| mode.bits()).ok();
        assert_eq!([bits("0644"), bits("600"), bits("0000")], [Some(0o644), Some(0o600), Some(0)]);
        for bad in ["", "0", "64", "4755", "06444", "0o644", "u+x", "-644", "888", "+644"] {
            assert_eq!(bits(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert!(Lines::try_from(0).is_err());
        assert!(Lines::try_from(10_000).is_ok());
        assert!(serde_json::from_str::<PingCount>("21").is_err());
    }
}
