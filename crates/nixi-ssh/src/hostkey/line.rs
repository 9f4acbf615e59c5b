//! One line of a known_hosts file.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{HostKey, Names};
use crate::glob::{either_case, glob};

/// Takes base64 with and without padding. ssh wants the padding; a key without it is still the same key.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a SHA-1 digest, and so of the salt of a hashed name.
const DIGEST: usize = 20;

/// What a marker makes of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It signs the keys of hosts; it is none itself.
    CertAuthority,
    /// It must never be taken.
    Revoked,
    /// A marker that sshd(8) does not tell of, or more than one: whatever it says, it is not that a key is good.
    Unknown,
}

/// A line that says something of hosts. Only its words are told apart: most lines of a large file are about others,
/// and their keys are never looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    raw: &'a [u8],
    pub(super) mark: Option<Mark>,
    /// Where in the line the names stand.
    pub(super) hosts: Range<usize>,
}

impl<'a> Line<'a> {
    /// Finds the words; nothing for comments, blank lines and a marker alone.
    pub(super) fn read(raw: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        let mut hosts = next_word(raw, &mut at)?;
        let mut mark = None;
        while raw[hosts.start] == b'@' {
            mark = Some(match (mark, &raw[hosts]) {
                (None, b"@cert-authority") => Mark::CertAuthority,
                (None, b"@revoked") => Mark::Revoked,
                _ => Mark::Unknown,
            });
            hosts = next_word(raw, &mut at)?;
        }
        (raw[hosts.start] != b'#').then_some(Self { raw, mark, hosts })
    }

    /// The names as they are written.
    pub(super) fn words(&self) -> &'a [u8] {
        &self.raw[self.hosts.clone()]
    }

    /// The key; nothing if it is missing, broken, or of another type than the line says.
    pub(super) fn key(&self) -> Option<HostKey> {
        let mut at = self.hosts.end;
        let kind = next_word(self.raw, &mut at)?;
        let blob = next_word(self.raw, &mut at)?;
        let key = HostKey::from_blob(&BASE64.decode(&self.raw[blob]).ok()?)?;
        (key.kind().as_bytes() == &self.raw[kind] && key.is_whole()).then_some(key)
    }

    /// Whether it speaks of this host, by name or by a pattern.
    pub(super) fn covers(&self, names: &Names) -> bool {
        if self.is_hashed() {
            return self.is_hash_of(names);
        }
        let mut covered = false;
        for pattern in self.patterns() {
            match pattern.strip_prefix(b"!") {
                // One refusal outweighs every other pattern of the line.
                Some(refused) if names.has(refused) || fits(refused, names.main().as_bytes()) => {
                    return false;
                }
                Some(_) => {}
                None => covered |= names.has(pattern) || fits(pattern, names.main().as_bytes()),
            }
        }
        covered
    }

    /// Whether it names exactly this host, by itself or among others: not by a pattern.
    pub(super) fn names(&self, names: &Names) -> bool {
        if self.is_hashed() { self.is_hash_of(names) } else { self.patterns().any(|word| names.has(word)) }
    }

    /// Whether it names this host and nobody else.
    pub(super) fn names_only(&self, names: &Names) -> bool {
        if self.is_hashed() { self.is_hash_of(names) } else { self.patterns().all(|word| names.has(word)) }
    }

    /// The names and patterns, one by one, if they are not hashed.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.words().split(|&b| b == b',')
    }

    pub(super) fn is_hashed(&self) -> bool {
        self.words().starts_with(b"|1|")
    }

    /// `|1|salt|hash`: HMAC-SHA1 of a name under the salt.
    fn is_hash_of(&self, names: &Names) -> bool {
        let check = || {
            let (salt, hash) = split_once(self.words().strip_prefix(b"|1|")?, b'|')?;
            let (salt, hash) = (digest(salt)?, digest(hash)?);
            let keyed = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
            Some(names.all().any(|name| {
                let mac = keyed.clone().chain_update(name.as_bytes());
                mac.finalize().into_bytes().as_slice() == hash
            }))
        };
        check().unwrap_or(false)
    }
}

fn next_word(line: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = *at + line[*at..].iter().position(|b| !blank(b))?;
    let end = line[start..].iter().position(blank).map_or(line.len(), |length| start + length);
    *at = end;
    Some(start..end)
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let middle = text.iter().position(|&b| b == at)?;
    Some((&text[..middle], &text[middle + 1..]))
}

fn digest(text: &[u8]) -> Option<[u8; DIGEST]> {
    // With a byte to spare: the decoder first reckons in whole groups.
    let mut bytes = [0; DIGEST + 1];
    let length = BASE64.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// Whether a pattern fits the name; letters of either case are alike.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    glob(pattern, name, either_case)
}

/// A hashed name, as ssh writes it.
#[cfg(test)]
pub(crate) fn hashed(name: &str) -> String {
    use base64::engine::general_purpose::STANDARD;

    let salt = b"0123456789abcdefghij";
    let mac = Hmac::<Sha1>::new_from_slice(salt).unwrap().chain_update(name.as_bytes());
    format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_told_apart() {
        let mark = |line: &str| Line::read(line.as_bytes()).map(|line| line.mark);
        assert_eq!(mark("web ssh-ed25519 AAAA"), Some(None));
        assert_eq!(mark("@revoked web"), Some(Some(Mark::Revoked)));
        assert_eq!(mark("\t@cert-authority\tweb"), Some(Some(Mark::CertAuthority)));
        // ssh passes over this one, where it revokes nothing; here it does.
        assert_eq!(mark("@revoked\t web"), Some(Some(Mark::Revoked)));
        assert_eq!(mark("@Revoked web"), Some(Some(Mark::Unknown)));
        assert_eq!(mark("@revoked @cert-authority web"), Some(Some(Mark::Unknown)));
        for nothing in ["", " \t\r\n", "# web", "  #web", "@revoked", "@revoked # web"] {
            assert_eq!(mark(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn another_spelling_is_no_way_round_a_refusal() {
        let covers = |words: &str, host| Line::read(words.as_bytes()).unwrap().covers(&Names::of(host, 22));
        assert!(covers("[web]:22", "web") && covers("[WEB]:22", "web"));
        assert!(!covers("*,!web", "web") && !covers("*,![web]:22", "web") && !covers("[w*]:22", "web"));
        assert!(covers("::1", "0:0:0:0:0:0:0:1") && covers("0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:1"));
        assert!(!covers("0:0:0:0:0:0:0:1", "::1"));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_fall(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(line) = Line::read(&line) {
                let names = Names::of("web", 22);
                prop_assert!(line.covers(&names) || !line.names(&names) || line.words().contains(&b'!'));
                line.key();
            }
        }

        /// Bytes that are nearly right find more than any bytes.
        #[test]
        fn no_hashed_or_marked_line_makes_it_fall(
            start in "(@[a-z-]{0,14} )?(\\|[0-9]\\||web|[*?!,\\[\\]:]{1,4})",
            rest in proptest::collection::vec(prop_oneof![Just(b'|'), Just(b' '), Just(b'='), any::<u8>()], 0..60),
        ) {
            let raw = [start.as_bytes(), &rest].concat();
            if let Some(line) = Line::read(&raw) {
                line.covers(&Names::of("web", 2222));
                line.key();
            }
        }
    }
}
