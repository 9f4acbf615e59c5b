//! Passwords, keys and tokens that a request hands to a node.
//!
//! A [`Secret`] stays in the session's vault. Arguments, events, the journal and a model see a [`SecretArg`] in its place:
//! a handle such as `secret:4f1d2a9c0b1e`. A step of an approved plan alone takes the value out, and sends it on the
//! command's standard input.
//!
//! **Invariant.** A secret cannot be printed, serialised or copied, and nothing outside nixi-core can read it: the vault
//! and [`Secret`]'s bytes are private to the crate.

pub(crate) mod arg;
mod forms;
mod name;
mod vault;
mod words;

pub use arg::SecretArg;
pub(crate) use name::names_a_secret;
pub(crate) use vault::Vault;
pub(crate) use words::without_secrets;

use std::sync::Arc;

use secrecy::zeroize::Zeroizing;

/// The words with `…` in place of each secret that is found in them: for errors that repeat what was typed.
#[must_use]
pub fn hidden(words: &str) -> String {
    without_secrets(words, |_| Some("…".to_owned()))
}

/// A value that must not be shown. Its memory is wiped when it is dropped.
///
/// It implements neither `Debug` nor `Display`, `Serialize` nor `Clone`, and has no public accessor.
pub struct Secret(Zeroizing<Vec<u8>>);

/// Why a value cannot be a secret. The value is not part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than [`Secret::LIMIT`].
    #[error("it is longer than 64 KiB")]
    TooLong,
    /// It is no text: an environment variable cannot hold it.
    #[error("it is not UTF-8 text, or holds a NUL byte")]
    NotText,
}

impl Secret {
    /// The most bytes that a secret may have: 64 KiB.
    pub const LIMIT: usize = 64 * 1024;

    /// Takes a value as it was typed or read. One newline at the end is dropped, as editors and `echo` put it there.
    ///
    /// # Errors
    /// [`BadSecret`] if it is empty, too long, or no text.
    pub fn new(bytes: Vec<u8>) -> Result<Self, BadSecret> {
        let mut bytes = Zeroizing::new(bytes);
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        match bytes.len() {
            0 => Err(BadSecret::Empty),
            length if length > Self::LIMIT => Err(BadSecret::TooLong),
            _ if bytes.contains(&0) || std::str::from_utf8(&bytes).is_err() => Err(BadSecret::NotText),
            _ => Ok(Self(bytes)),
        }
    }

    /// Lines `NAME=VALUE`, as docker's `--env-file` reads them.
    pub(crate) fn variables(secrets: &[(String, Arc<Self>)]) -> Self {
        // All room at once: a buffer that grows would leave copies behind.
        let room = secrets.iter().map(|(name, secret)| name.len() + secret.0.len() + 2).sum();
        let mut lines = Zeroizing::new(Vec::with_capacity(room));
        for (name, secret) in secrets {
            lines.extend_from_slice(name.as_bytes());
            lines.push(b'=');
            lines.extend_from_slice(&secret.0);
            lines.push(b'\n');
        }
        Self(lines)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_the_end_is_dropped() {
        for (typed, kept) in
            [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), ("pw\n\n", "pw\n"), (" p w ", " p w ")]
        {
            assert_eq!(Secret::new(typed.into()).ok().unwrap().bytes(), kept.as_bytes(), "{typed:?}");
        }
    }

    #[test]
    fn what_no_variable_can_hold_is_refused() {
        let refused = |bytes: Vec<u8>| Secret::new(bytes).err();
        assert_eq!(refused(Vec::new()), Some(BadSecret::Empty));
        assert_eq!(refused(b"\n".to_vec()), Some(BadSecret::Empty));
        assert_eq!(refused(b"a\0b".to_vec()), Some(BadSecret::NotText));
        assert_eq!(refused(vec![0xff]), Some(BadSecret::NotText));
        assert_eq!(refused(vec![b'x'; Secret::LIMIT + 1]), Some(BadSecret::TooLong));
        assert!(Secret::new(vec![b'x'; Secret::LIMIT]).is_ok());
    }
}
