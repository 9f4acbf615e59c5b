//! One line of a known_hosts file.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::HostKey;

/// Takes base64 with and without padding, as ssh does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a marker makes of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// It signs the keys of hosts; it is none itself.
    CertAuthority,
    /// It must never be taken.
    Revoked,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) marker: Option<Marker>,
    /// Where in the line the names stand.
    pub(super) hosts: Range<usize>,
    pub(super) key: HostKey,
}

/// Reads a line; nothing for comments, blank lines and what ssh would not take either.
pub(super) fn parse(line: &[u8]) -> Option<Entry> {
    let mut at = 0;
    let mut hosts = next_field(line, &mut at)?;
    if line[hosts.clone()].starts_with(b"#") {
        return None;
    }
    let mut marker = None;
    if line[hosts.clone()].starts_with(b"@") {
        marker = Some(match &line[hosts] {
            b"@cert-authority" => Marker::CertAuthority,
            b"@revoked" => Marker::Revoked,
            _ => return None,
        });
        hosts = next_field(line, &mut at)?;
    }
    let kind = next_field(line, &mut at)?;
    let blob = next_field(line, &mut at)?;
    let key = HostKey::from_blob(&BASE64.decode(&line[blob]).ok()?)?;
    (key.kind().as_bytes() == &line[kind]).then_some(Entry { marker, hosts, key })
}

fn next_field(line: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = *at + line[*at..].iter().position(|b| !blank(b))?;
    let end = line[start..].iter().position(blank).map_or(line.len(), |length| start + length);
    *at = end;
    Some(start..end)
}

/// Whether the names of a line stand for this one (see [`super::name_of`]).
pub(super) fn covers(hosts: &[u8], name: &str) -> bool {
    if is_hashed(hosts) {
        return is_hash_of(hosts, name);
    }
    let mut covered = false;
    for pattern in hosts.split(|&b| b == b',') {
        match pattern.strip_prefix(b"!") {
            // One refusal outweighs every other pattern of the line.
            Some(refused) if glob(refused, name.as_bytes()) => return false,
            Some(_) => {}
            None => covered |= glob(pattern, name.as_bytes()),
        }
    }
    covered
}

/// Whether the line names exactly this host, by itself or among others: not by a pattern.
pub(super) fn names(hosts: &[u8], name: &str) -> bool {
    if is_hashed(hosts) {
        return is_hash_of(hosts, name);
    }
    hosts.split(|&b| b == b',').any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

pub(super) fn is_hashed(hosts: &[u8]) -> bool {
    hosts.starts_with(b"|1|")
}

/// `|1|salt|hash`: HMAC-SHA1 of the name under the salt.
fn is_hash_of(hosts: &[u8], name: &str) -> bool {
    let check = || {
        let mut parts = hosts.strip_prefix(b"|1|")?.split(|&b| b == b'|');
        let salt = BASE64.decode(parts.next()?).ok()?;
        let hash = BASE64.decode(parts.next()?).ok()?;
        let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
        mac.update(name.as_bytes());
        parts.next().is_none().then(|| mac.verify_slice(&hash).is_ok())
    };
    check().unwrap_or(false)
}

/// `*` for any run of bytes, `?` for any one; letters of either case are alike.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(&b) if b == b'?' || b.eq_ignore_ascii_case(&name[n]) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                // Let the last star take one byte more.
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], name) => name.is_empty(),
            ([b'*', rest @ ..], name) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            ([p, rest @ ..], [n, others @ ..]) => (*p == b'?' || p == n) && naive(rest, others),
            (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn glob_is_what_it_says(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            prop_assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), naive(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn no_line_makes_it_fall(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(entry) = parse(&line) {
                covers(&line[entry.hosts.clone()], "web");
            }
        }
    }
}
