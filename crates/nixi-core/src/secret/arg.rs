//! What stands for a secret everywhere but in the vault.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::word::BadWord;

/// An argument that is a secret: a handle such as `secret:4f1d2a9c0b1e`, or `@ask`, which has the person asked for it.
///
/// The handle tells nothing about the value without the session's key, and no two values of a session share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretArg(String);

/// What a handle begins with.
const PREFIX: &str = "secret:";
/// How many hexadecimal digits it has.
const DIGITS: usize = 12;

impl SecretArg {
    /// The word that has the person asked.
    pub const ASK: &str = "@ask";

    /// A person is to be asked for the value.
    #[must_use]
    pub fn ask() -> Self {
        Self(Self::ASK.to_owned())
    }

    pub(super) fn of_digest(digest: &[u8]) -> Self {
        let digits: String = digest.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{PREFIX}{digits}"))
    }

    /// The handle's 12 hexadecimal digits; `None` if the person is to be asked.
    #[must_use]
    pub fn digits(&self) -> Option<&str> {
        self.0.strip_prefix(PREFIX)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a word is a handle, or has the person asked.
    pub(crate) fn is_one(word: &str) -> bool {
        word.parse::<Self>().is_ok()
    }
}

impl FromStr for SecretArg {
    type Err = BadWord;

    fn from_str(word: &str) -> Result<Self, BadWord> {
        let is_handle = word.strip_prefix(PREFIX).is_some_and(|digits| {
            digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        });
        if is_handle || word == Self::ASK {
            return Ok(Self(word.to_owned()));
        }
        // It may be the secret itself, so the word is not part of the message.
        Err(BadWord::new(
            "a secret's handle",
            "…",
            "give @FILE, @- or @ask, or a handle as secret:4f1d2a9c0b1e",
        ))
    }
}

impl TryFrom<String> for SecretArg {
    type Error = BadWord;

    fn try_from(word: String) -> Result<Self, BadWord> {
        word.parse()
    }
}

impl From<SecretArg> for String {
    fn from(arg: SecretArg) -> Self {
        arg.0
    }
}

impl fmt::Display for SecretArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the registry recognises a parameter of this type.
pub(crate) const FORMAT: &str = "secret";

impl JsonSchema for SecretArg {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretArg".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": FORMAT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_handles_are_taken() {
        for good in ["secret:4f1d2a9c0b1e", "@ask"] {
            assert_eq!(good.parse::<SecretArg>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "hunter2",
            "secret:",
            "secret:4F1D2A9C0B1E",
            "secret:4f1d2a9c0b1",
            "secret:4f1d2a9c0b1e0",
            "@x",
        ] {
            let error = bad.parse::<SecretArg>().unwrap_err().to_string();
            assert!(bad.len() < 2 || !error.contains("hunter2"), "{error}");
        }
    }
}
