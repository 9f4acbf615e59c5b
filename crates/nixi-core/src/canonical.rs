//! A host in one spelling, so that two spellings of one machine are seen to be one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::node::Host;

/// What a host's text means, however it is written: `127.1`, `2130706433`, `0x7f.1` and `::ffff:127.0.0.1` are one
/// address, and `Web.lan.` is the name `web.lan`. Two that are equal are one machine; two that are not may be one all the
/// same, since only the resolver knows what a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CanonicalHost {
    /// An address.
    Address(IpAddr),
    /// A name, in small letters and without a dot at its end.
    Name(String),
}

impl CanonicalHost {
    /// The one spelling of a host.
    ///
    /// The interface behind a `%` does not count: the same link-local address on two of them is mostly one machine, and
    /// an interface has several names itself.
    #[must_use]
    pub fn of(host: &Host) -> Self {
        Self::of_text(host.as_str())
    }

    fn of_text(text: &str) -> Self {
        let bare = text.trim_end_matches('.');
        let address = bare.split('%').next().unwrap_or(bare);
        if let Ok(address) = address.parse::<Ipv6Addr>() {
            return Self::of_address(IpAddr::V6(address));
        }
        match ipv4(bare) {
            Some(address) => Self::of_address(IpAddr::V4(address)),
            None => Self::Name(bare.to_ascii_lowercase()),
        }
    }

    /// The machine behind an address.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(match address {
            // Linux takes "any address" for this machine, wherever it is connected to.
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            IpAddr::V6(address) => match embedded(address) {
                Some(address) => return Self::of_address(IpAddr::V4(address)),
                None => IpAddr::V6(address),
            },
        })
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (RFC 4291, section 2.5.5.2), or behind the well-known prefix of
/// NAT64 (RFC 6052).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    address.to_ipv4_mapped().or_else(|| {
        let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
        Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
    })
}

/// An IPv4 address as inet_aton(3) reads it, and with it the resolver: one to four numbers, each decimal, octal behind a
/// `0` or hexadecimal behind `0x`; the last one fills what is left.
#[must_use]
pub fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 0xff) {
        return None;
    }
    let bits = 32 - 8 * u32::try_from(first.len()).ok()?;
    if u64::from(*last) >> bits != 0 {
        return None;
    }
    let high = first.iter().fold(0_u64, |sum, part| (sum << 8) | u64::from(*part));
    u32::try_from((high << bits) | u64::from(*last)).ok().map(Ipv4Addr::from)
}

fn number(word: &str) -> Option<u32> {
    let (digits, radix) = match word.as_bytes() {
        [b'0', b'x' | b'X', ..] => (word.get(2..)?, 16),
        [b'0', _, ..] => (word.get(1..)?, 8),
        _ => (word, 10),
    };
    // `from_str_radix` takes a sign.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { u32::from_str_radix(digits, radix).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> CanonicalHost {
        CanonicalHost::of_text(text)
    }

    #[test]
    fn spellings_of_one_machine_are_one() {
        for (one, others) in [
            (
                "127.0.0.1",
                &[
                    "::ffff:127.0.0.1",
                    "::FFFF:7f00:1",
                    "0:0:0:0:0:ffff:7f00:0001",
                    "127.1",
                    "127.0.1",
                    "2130706433",
                    "127.0.0.01",
                    "0177.0.0.1",
                    "0x7f.0.0.1",
                    "0X7F000001",
                    "017700000001",
                    "0x7f.1",
                    "127.0.0.1.",
                    "0.0.0.0",
                    "0",
                    "::ffff:0.0.0.0",
                    "64:ff9b::127.0.0.1",
                ][..],
            ),
            (
                "::1",
                &["::0001", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::", "::0.0.0.1"],
            ),
            ("2001:db8::1", &["2001:db8:0:0:0:0:0:1", "2001:0DB8::0001", "2001:db8::0:1"]),
            ("fe80::1", &["fe80::1%eth0", "FE80::0001%2"]),
            ("web.lan", &["web.lan.", "WEB.lan", "Web.Lan."]),
        ] {
            for other in others {
                assert_eq!(of(one), of(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_the_resolver_reads_as_a_name_is_a_name() {
        for name in [
            "127.0.0.08",
            "0x",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.256",
            "1.16777216",
            "4294967296",
            "1..2",
            "12a",
            "0xg",
        ] {
            assert_eq!(of(name), CanonicalHost::Name(name.to_owned()), "{name}");
        }
        assert_eq!(of("1.16777215"), of("1.255.255.255"));
        for (one, other) in
            [("10.0.0.1", "10.0.0.2"), ("web", "web.lan"), ("::1", "127.0.0.1"), ("10", "10.0.0.0")]
        {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
    }

    fn radix(value: u32, how: u8) -> String {
        match how % 5 {
            0 => value.to_string(),
            1 => format!("0{value:o}"),
            2 => format!("0x{value:x}"),
            3 => format!("0X{value:X}"),
            _ => format!("0000{value:o}"),
        }
    }

    /// Any spelling of an IPv4 address: so many numbers, each in a base of its own; or inside an IPv6 address.
    fn spelled(address: u32, numbers: u8, how: [u8; 4], dot: bool) -> String {
        let [a, b, c, d] = address.to_be_bytes().map(u32::from);
        let parts = match numbers % 6 {
            0 => vec![address],
            1 => vec![a, address & 0xff_ffff],
            2 => vec![a, b, address & 0xffff],
            3 => vec![a, b, c, d],
            4 => return format!("::fFfF:{:x}:{:04X}", address >> 16, address & 0xffff),
            _ => return format!("0:0::ffff:{a}.{b}.{c}.{d}"),
        };
        let words: Vec<String> = parts.iter().zip(how).map(|(part, how)| radix(*part, how)).collect();
        words.join(".") + if dot { "." } else { "" }
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_that_address(
            address in any::<u32>(), numbers in any::<u8>(), how in any::<[u8; 4]>(), dot in any::<bool>()
        ) {
            let plain = Ipv4Addr::from(address).to_string();
            prop_assert_eq!(of(&spelled(address, numbers, how, dot)), of(&plain));
        }

        #[test]
        fn every_spelling_of_a_longer_address_is_that_address(groups in any::<[u16; 8]>(), wide in any::<[bool; 8]>(), upper in any::<bool>()) {
            let group = |(group, wide): (&u16, &bool)| if *wide { format!("{group:04x}") } else { format!("{group:x}") };
            let long = groups.iter().zip(&wide).map(group).collect::<Vec<_>>().join(":");
            let long = if upper { long.to_uppercase() } else { long };
            prop_assert_eq!(of(&long), of(&Ipv6Addr::from(groups).to_string()));
        }

        #[test]
        fn letters_and_a_last_dot_make_no_other_name(name in "[a-z][a-z0-9-]{0,20}(\\.[a-z][a-z0-9-]{0,10}){0,3}", cases in any::<u64>(), dot in any::<bool>()) {
            let cased = name.char_indices().map(|(at, c)| if cases >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c });
            let mut other: String = cased.collect();
            if dot { other.push('.'); }
            prop_assert_eq!(of(&other), of(&name));
        }

        #[test]
        fn never_panics(text in "[0-9a-fxX:.%]{0,40}|\\PC{0,20}") {
            let _ = of(&text);
        }
    }
}
