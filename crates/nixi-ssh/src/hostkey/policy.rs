//! What follows from known_hosts for the key that a host offers.

use super::HostKey;
use super::file::{Known, Place};
use super::gap::Gap;

/// What becomes of an offered key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is recorded.
    Known,
    /// Nothing is recorded for the host.
    New,
    /// Another key is recorded, of this type or another.
    Changed {
        /// The one that is recorded.
        known: HostKey,
        /// Where.
        place: Box<Place>,
    },
    /// It is marked `@revoked`.
    Revoked {
        /// Where.
        place: Place,
    },
    /// What is recorded does not tell whether this is the key, so it is not taken.
    Undecided(Box<Gap>),
}

/// Judges the key that a host offers.
///
/// A host that is known under one type and now offers only another is *changed*: the algorithms were ordered by what
/// is known (see [`algorithms`]), so an honest host offers the known one if it still has it.
///
/// A line that cannot be read is never passed over in silence: one with a marker might forbid this key, and one
/// without might be the record that this key contradicts. A line with a CA says that the host shows certificates,
/// which we cannot check, so a plain key that nobody recorded is not taken for new beside it.
pub(crate) fn judge(known: &Known, offered: &HostKey) -> Verdict {
    if let Some((_, place)) = known.revoked.iter().find(|(key, _)| key == offered) {
        return Verdict::Revoked { place: place.clone() };
    }
    if let Some(place) = known.unreadable_marks.first() {
        return Verdict::Undecided(Box::new(Gap::unreadable(place)));
    }
    if known.keys.iter().any(|(key, _)| key == offered) {
        return Verdict::Known;
    }
    let same_type = known.keys.iter().find(|(key, _)| key.kind() == offered.kind());
    if let Some((key, place)) = same_type.or(known.keys.first()) {
        return Verdict::Changed { known: key.clone(), place: Box::new(place.clone()) };
    }
    if known.without_port.contains(offered) {
        return Verdict::Known;
    }
    if let Some(place) = known.unreadable.first() {
        return Verdict::Undecided(Box::new(Gap::unreadable(place)));
    }
    match known.authorities.first() {
        Some(place) => {
            Verdict::Undecided(Box::new(Gap::certified(place, known.new.as_ref().unwrap_or(&place.file))))
        }
        None => Verdict::New,
    }
}

/// The types of key we take, best first, each with the signature algorithms that go with it. No certificates: a CA
/// line is not a plain key. No SHA-1.
const FAMILIES: [(&str, &str); 5] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
];

/// Whether keys of this type can be checked at all.
pub(crate) fn is_checkable(kind: &str) -> bool {
    FAMILIES.iter().any(|(family, _)| *family == kind)
}

/// The host key algorithms to propose, those of recorded keys first: else a host with several keys would offer one
/// that is not recorded, and look changed. Types in `without` were seen already; nothing if none is left.
pub(crate) fn algorithms(known: &Known, without: &[HostKey]) -> Option<String> {
    let recorded = |kind: &str| {
        known.keys.iter().map(|(key, _)| key).chain(&known.without_port).any(|key| key.kind() == kind)
    };
    let (first, rest): (Vec<_>, Vec<_>) = FAMILIES
        .iter()
        .filter(|(kind, _)| without.iter().all(|seen| seen.kind() != *kind))
        .partition(|(kind, _)| recorded(kind));
    let all: Vec<&str> = first.iter().chain(&rest).map(|(_, algorithms)| *algorithms).collect();
    (!all.is_empty()).then(|| all.join(","))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::super::KnownHosts;
    use super::*;

    /// A key of a type, whole as far as anybody looks.
    fn key(kind: &str, byte: u8) -> HostKey {
        let fields: &[&[u8]] = match kind {
            "ssh-ed25519" => &[&[byte; 32]],
            _ => &[&[3], &[byte; 40]],
        };
        let mut blob = Vec::new();
        for field in std::iter::once(&kind.as_bytes()).chain(fields) {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend_from_slice(field);
        }
        HostKey::from_blob(&blob).unwrap()
    }

    const ED: &str = "ssh-ed25519";
    const RSA: &str = "ssh-rsa";
    const P256: &str = "ecdsa-sha2-nistp256";
    const DSS: &str = "ssh-dss";

    /// `K1` and `R1` stand for keys; what becomes of K1 for `web`.
    fn verdict(text: &str, port: u16) -> Verdict {
        judge(&known(text, port), &key(ED, 1))
    }

    fn known(text: &str, port: u16) -> Known {
        let mut text = text.to_owned();
        for (word, key) in [
            ("K1", key(ED, 1)),
            ("K2", key(ED, 2)),
            ("R1", key(RSA, 1)),
            ("E1", key(P256, 1)),
            ("D1", key(DSS, 1)),
        ] {
            text = text.replace(word, &key.text());
        }
        KnownHosts::of_text(text.as_bytes()).of("web", port)
    }

    fn is_undecided(text: &str) -> bool {
        matches!(verdict(text, 22), Verdict::Undecided(_))
    }

    #[test]
    fn a_ca_alone_does_not_make_a_plain_key_new() {
        for line in ["@cert-authority web K2", "@cert-authority * K1", "@cert-authority w*,!x broken"] {
            assert!(is_undecided(line), "{line}");
            assert_eq!(verdict(&format!("{line}\nweb K1"), 22), Verdict::Known);
            assert!(matches!(verdict(&format!("{line}\nweb K2"), 22), Verdict::Changed { .. }));
            assert!(matches!(verdict(&format!("{line}\n@revoked web K1"), 22), Verdict::Revoked { .. }));
        }
        for elsewhere in ["@cert-authority other K2", "@cert-authority *,!web K2", "#@cert-authority web K2"]
        {
            assert_eq!(verdict(elsewhere, 22), Verdict::New, "{elsewhere}");
        }
        // As for keys, the name without a port speaks for every port.
        assert!(matches!(verdict("@cert-authority web K2", 2222), Verdict::Undecided(_)));
        assert_eq!(verdict("@cert-authority web K2\nweb K1", 2222), Verdict::Known);
    }

    #[test]
    fn a_revoked_key_is_taken_from_nobody() {
        for text in ["@revoked web K1", "web K1\n@revoked * K1", "@revoked * K1\nweb K1\nweb R1"] {
            assert!(matches!(verdict(text, 22), Verdict::Revoked { .. }), "{text}");
        }
        assert!(matches!(verdict("[web]:2222 K1\n@revoked web K1", 2222), Verdict::Revoked { .. }));
        assert_eq!(verdict("web K1\n@revoked * K2\n@revoked * R1", 22), Verdict::Known);
        assert_eq!(verdict("@revoked * K2", 22), Verdict::New);
    }

    #[test]
    fn what_cannot_be_read_is_not_passed_over() {
        // It might be the record of this host, and might forbid the key.
        for text in [
            "web broken",
            "web",
            "web ssh-ed25519 AAAA",
            "web ssh-rsa ,",
            "web 1024 35 1234",
            "web,a K1x K1x",
        ] {
            assert!(is_undecided(text), "{text}");
            assert_eq!(verdict(&format!("{text}\nweb K1"), 22), Verdict::Known);
        }
        for text in
            ["@revoked web broken", "@revoked * K1junk!", "@odd web K1", "@revoked @cert-authority web K2"]
        {
            assert!(is_undecided(text) && is_undecided(&format!("web K1\n{text}")), "{text}");
        }
        for others in ["other broken", "@odd other K1", "|1|broken K1", "@revoked", "@revoked # web"] {
            assert_eq!(verdict(others, 22), Verdict::New, "{others}");
        }
    }

    #[test]
    fn a_key_is_read_as_far_as_it_is_whole() {
        let whole = |kind: &str, more: &[u8]| {
            let blob = [key(kind, 1).blob.as_slice(), more].concat();
            let line = format!("web {kind} {}", STANDARD.encode(blob));
            known(&line, 22).keys.len() == 1
        };
        for kind in [ED, RSA, P256] {
            assert!(whole(kind, b"") && !whole(kind, b"\0") && !whole(kind, b"\0\0\0\0"), "{kind}");
        }
        // Nobody knows what belongs to a type that nobody knows.
        assert!(whole("new-type@example.org", b"\0"));
    }

    #[test]
    fn another_type_is_no_new_key() {
        for (line, checkable) in [("web R1", true), ("web E1", true), ("web D1", false)] {
            let Verdict::Changed { known, .. } = verdict(line, 22) else { panic!("{line}") };
            assert_eq!(is_checkable(known.kind()), checkable, "{line}");
        }
        // Of several, the one of the same type is told.
        let Verdict::Changed { known, place } = verdict("web R1\nweb D1\nweb K2", 22) else { panic!() };
        assert_eq!((known, place.line), (key(ED, 2), 3));
    }

    #[test]
    fn while_a_key_is_being_replaced_both_are_good() {
        let known = known("web K1\nweb,other K2", 22);
        for (byte, good) in [(1, true), (2, true), (3, false)] {
            assert_eq!(judge(&known, &key(ED, byte)) == Verdict::Known, good);
        }
    }

    #[test]
    fn what_is_recorded_is_asked_for_first() {
        let first = |text: &str, port| algorithms(&known(text, port), &[]).unwrap();
        let usual = first("", 22);
        assert!(usual.starts_with("ssh-ed25519,ecdsa-") && usual.ends_with(",rsa-sha2-512,rsa-sha2-256"));
        for text in ["web R1", "*b R1", "x,web R1", "[web]:22 R1", "other K1\nweb R1\n@revoked web K1"] {
            assert!(first(text, 22).starts_with("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,"), "{text}");
        }
        assert!(first("[web]:2222 E1\n[web]:22 R1", 2222).starts_with("ecdsa-sha2-nistp256,ssh-ed25519,"));
        assert!(first("web E1", 2222).starts_with("ecdsa-sha2-nistp256,ssh-ed25519,"));
        assert!(
            first("web R1\nweb E1", 22).starts_with("ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-")
        );
        for nothing in ["web D1", "@cert-authority web R1", "[web]:2222 R1", "web ssh-rsa AAAA"] {
            assert_eq!(first(nothing, 22), usual, "{nothing}");
        }
        let all = [key(ED, 1), key(RSA, 1), key(P256, 1), key("ecdsa-sha2-nistp384", 1)];
        assert_eq!(algorithms(&known("", 22), &all).as_deref(), Some("ecdsa-sha2-nistp521"));
    }
}
