//! The words of `ProxyJump`.

use super::system::port;

/// A jump host as it is written: its tokens are still in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawHop {
    pub(crate) user: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// What stands behind `ProxyJump`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hops {
    /// `none` and nothing else.
    None,
    /// The nearest first.
    Some(Vec<RawHop>),
}

/// Reads all that stands behind the word, as ssh does: one list up to a comment. Quotes are no quotes here.
pub(super) fn hops(text: &str) -> Option<Hops> {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n', '=']);
    if text.eq_ignore_ascii_case("none") {
        return Some(Hops::None);
    }
    let list = text.split('#').next().unwrap_or_default().trim_end();
    list.split(',').map(hop).collect::<Option<Vec<_>>>().map(Hops::Some)
}

fn hop(word: &str) -> Option<RawHop> {
    match word.strip_prefix("ssh://") {
        Some(address) => of_uri(address),
        None => {
            let (user, place) = match word.rsplit_once('@') {
                Some((user, place)) => (Some(Some(user.to_owned()).filter(|user| !user.is_empty())?), place),
                None => (None, word),
            };
            let (host, rest) = host(place, &[':'])?;
            Some(RawHop { user, host, port: given_port(rest)? })
        }
    }
}

fn of_uri(address: &str) -> Option<RawHop> {
    let (user, place) = match address.split_once('@') {
        // What follows a `;` is about the connection, and ssh passes over it.
        Some((user, place)) => {
            let user = user.split(';').next().unwrap_or_default();
            (Some(decoded(user).filter(|user| !user.is_empty())?), place)
        }
        None => (None, address),
    };
    let (host, rest) = host(place, &[':', '/'])?;
    if !is_domain(&host) {
        return None;
    }
    // A path behind it is no way to a machine.
    let port = match rest.split_once('/') {
        Some((port, "")) if port != ":" => given_port(port)?,
        Some(_) => return None,
        None => given_port(rest)?,
    };
    Some(RawHop { user, host: host.strip_suffix('.').unwrap_or(&host).to_owned(), port })
}

/// The host, perhaps in brackets, and what follows it, its separator first.
fn host<'a>(place: &'a str, ends: &[char]) -> Option<(String, &'a str)> {
    let (host, rest) = match place.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => place.split_at(place.find([':', '/']).unwrap_or(place.len())),
    };
    let fits = rest.is_empty() || rest.starts_with(ends);
    (fits && !host.is_empty()).then(|| (host.to_owned(), rest))
}

/// The port behind a colon; nothing at all is none.
fn given_port(rest: &str) -> Option<Option<u16>> {
    match rest.strip_prefix(':') {
        Some(word) if !word.is_empty() => port(word).filter(|port| *port > 0).map(Some),
        Some(_) | None => Some(None),
    }
}

/// `%41` is `A`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(b) = left.next() {
        bytes.push(match b {
            b'%' => {
                let mut digit = || left.next().and_then(|b| char::from(b).to_digit(16));
                let value = digit()? * 16 + digit()?;
                u8::try_from(value).ok().filter(|b| *b != 0)?
            }
            b'+' => b' ',
            b => b,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The letters of a domain, as ssh has them.
pub(super) fn is_domain(host: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    host.bytes().all(letters) && !host.starts_with(['-', '.']) && !host.contains("..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        let Hops::Some(hops) = hops(text)? else { return Some("none".to_owned()) };
        let hop = |RawHop { user, host, port }: RawHop| {
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            let port = port.map(|port| format!(" {port}")).unwrap_or_default();
            format!("{user}{host}{port}")
        };
        Some(hops.into_iter().map(hop).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn jump_hosts_are_read_as_ssh_reads_them() {
        for (text, read) in [
            ("= b", Some("b")),
            ("None", Some("none")),
            ("none # note", Some("none")),
            ("a,ops@b:2222 # note, and more", Some("a, ops@b 2222")),
            ("alice@corp.example.com@gate:22", Some("alice@corp.example.com@gate 22")),
            ("[::1]:22", Some("::1 22")),
            ("ssh://ops@b.lan.:33/", Some("ops@b.lan 33")),
            ("ssh://a%40c;x=y@b", Some("a@c@b")),
            ("\"b\"", Some("\"b\"")),
            ("a,,b", None),
            ("@b", None),
            ("b:0", None),
            ("b:no-such-service", None),
            ("a b:", Some("a b")),
            ("# b", None),
            ("[::1", None),
            ("[::1]x", None),
            ("b/c", None),
            ("ssh://b/c", None),
            ("ssh://[::1]", None),
            ("ssh://a%00@b", None),
        ] {
            assert_eq!(shown(text).as_deref(), read, "{text}");
        }
        assert_eq!(
            hops("none # note"),
            Some(Hops::Some(vec![RawHop { user: None, host: "none".to_owned(), port: None }]))
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fall(text in "\\PC{0,24}|(ssh://)?[a-z@:/%\\[\\],;#.]{0,24}") {
            let _ = hops(&text);
        }
    }
}
