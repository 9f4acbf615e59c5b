//! Which addresses are this machine itself, however they are written.

use std::net::IpAddr;

use reqwest::Url;

/// Names that systems give the loopback, beside `localhost` and what ends in it (RFC 6761).
const NAMES: [&str; 5] =
    ["localhost.localdomain", "localhost6.localdomain6", "localhost6", "ip6-localhost", "ip6-loopback"];

/// Whether a URL leads to this machine itself. A proxy elsewhere would reach its own loopback, and would read the
/// conversation.
pub(super) fn is_loopback(url: &Url) -> bool {
    // The parser of URLs has brought 127.1, 0x7f000001, 2130706433 and LOCALHOST into one form.
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        // The unspecified address leads to this machine too.
        Ok(address) => is_own(address.to_canonical()),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost") || NAMES.contains(&name.as_str())
        }
    }
}

fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.octets()[0] == 0,
        // ::127.0.0.1, the form that is no longer in use.
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.to_ipv4().is_some_and(|address| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_any_spelling() {
        for host in [
            "localhost",
            "LocalHost",
            "LOCALHOST.",
            "a.localhost",
            "a.b.LOCALHOST.",
            "127.0.0.1",
            "127.9.9.9",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "0.0.0.0",
            "0",
            "[::]",
            "ip6-localhost",
            "localhost.localdomain",
            "%6cocalhost",
            "１２７.0.0.1",
        ] {
            let url = Url::parse(&format!("http://{host}:1/v1")).unwrap();
            assert!(is_loopback(&url), "{host}: {url}");
        }
    }

    #[test]
    fn another_machine_is_none() {
        for host in [
            "example.org",
            "localhost.example.org",
            "notlocalhost",
            "192.0.2.1",
            "128.0.0.1",
            "[2001:db8::1]",
            "[::ffff:192.0.2.1]",
            "127.0.0.1.example.org",
        ] {
            assert!(!is_loopback(&Url::parse(&format!("http://{host}/v1")).unwrap()), "{host}");
        }
    }
}
