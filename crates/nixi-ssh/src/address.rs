//! Addresses in the one spelling that ssh uses for each.

use std::net::{Ipv4Addr, Ipv6Addr};

use nixi_core::canonical::ipv4;

/// An address as ssh writes it, whatever its spelling; nothing if it is a name.
pub(crate) fn usual(host: &str) -> Option<String> {
    let (bare, zone) = match host.split_once('%') {
        Some((bare, zone)) => (bare, Some(zone)),
        None => (host, None),
    };
    match (bare.parse::<Ipv6Addr>(), zone) {
        (Ok(address), Some(zone)) => Some(format!("{}%{zone}", v6(&address))),
        (Ok(address), None) => Some(v6(&address)),
        (Err(_), Some(_)) => None,
        (Err(_), None) => ipv4(host).map(|address| address.to_string()),
    }
}

/// As inet_ntop(3) of glibc has it: the last four bytes alone are written as those of IPv4.
fn v6(address: &Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            format!("::{}", Ipv4Addr::new(a, b, c, d))
        }
        _ => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_the_usual_one() {
        for (host, shown) in [
            ("127.1", Some("127.0.0.1")),
            ("0x7f.1", Some("127.0.0.1")),
            ("0177.0.0.01", Some("127.0.0.1")),
            ("2130706433", Some("127.0.0.1")),
            ("10.1.256", Some("10.1.1.0")),
            ("1", Some("0.0.0.1")),
            ("0:0::1", Some("::1")),
            ("FE80::1%eth0", Some("fe80::1%eth0")),
            ("::ffff:7f00:1", Some("::ffff:127.0.0.1")),
            ("::102:304", Some("::1.2.3.4")),
            ("web", None),
            ("127.0.0.256", None),
            ("10.1.65536", None),
            ("1.2.3.4.5", None),
            ("08.1", None),
            ("0x", None),
            ("1.", None),
            ("", None),
            ("127.0.0.1%lo", None),
        ] {
            assert_eq!(usual(host).as_deref(), shown, "{host}");
        }
    }
}
