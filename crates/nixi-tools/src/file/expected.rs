//! What a file has to be for a change to go on.

use nixi_core::FileDigest;
use serde::{Deserialize, Serialize};

/// What has to be at a path: a file with this SHA-256, or nothing. Undoing a change goes by it, so that what somebody else made
/// since then stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Expected {
    /// Nothing.
    Missing,
    /// A file with this content.
    Content(FileDigest),
}

impl TryFrom<String> for Expected {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        if word == "missing" {
            return Ok(Self::Missing);
        }
        let is_digest = word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let digest = FileDigest::from_sha256sum(&word).filter(|_| is_digest);
        digest.map(Self::Content).ok_or_else(|| "write the 64 digits of a SHA-256, or `missing`".to_owned())
    }
}

impl From<Expected> for String {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Missing => "missing".to_owned(),
            Expected::Content(digest) => digest.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_or_nothing() {
        let read = |word: &str| Expected::try_from(word.to_owned()).ok();
        let digest = FileDigest::of(b"x");
        assert_eq!(read("missing"), Some(Expected::Missing));
        assert_eq!(read(&digest.to_string()), Some(Expected::Content(digest)));
        assert_eq!(String::from(Expected::Content(digest)), digest.to_string());
        for bad in [
            "",
            "any",
            &digest.to_string()[1..],
            &format!("{digest} x"),
            &format!("\\{}", &digest.to_string()[1..]),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
