//! The names under which known_hosts files keep a host.

use crate::address::usual;

/// The name that ssh writes and looks up: `[host]:port` unless the port is 22, in small letters, an address in
/// its usual form.
pub(crate) fn name_of(host: &str, port: u16) -> String {
    bracketed(&short(host), port)
}

fn short(host: &str) -> String {
    usual(host).unwrap_or_else(|| host.to_ascii_lowercase())
}

fn bracketed(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

/// One host at one port, in every spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    main: String,
    /// Spellings that ssh itself does not look up, but that can mean nothing else. Patterns do not count for them.
    others: Vec<String>,
}

impl Names {
    pub(super) fn of(host: &str, port: u16) -> Self {
        let main = name_of(host, port);
        let typed = host.to_ascii_lowercase();
        let mut others = vec![bracketed(&typed, port)];
        if port == 22 {
            others.extend([short(host), typed].map(|host| format!("[{host}]:22")));
        }
        others.sort();
        others.dedup();
        others.retain(|other| *other != main);
        Self { main, others }
    }

    /// The name of a host without a port, which in ssh stands in for one with a port of which nothing is known.
    pub(super) fn without_port(host: &str) -> Self {
        Self { main: name_of(host, 22), others: Vec::new() }
    }

    /// The one that ssh uses.
    pub(super) fn main(&self) -> &str {
        &self.main
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.main.as_str()).chain(self.others.iter().map(String::as_str))
    }

    /// Whether a word of a line is one of them, letter for letter.
    pub(super) fn has(&self, word: &[u8]) -> bool {
        self.all().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_few_names() {
        let all = |host, port| Names::of(host, port).all().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all("Web", 22), ["web", "[web]:22"]);
        assert_eq!(all("web", 2222), ["[web]:2222"]);
        assert_eq!(all("::1", 22), ["::1", "[::1]:22"]);
        assert_eq!(all("0:0::1", 22), ["::1", "0:0::1", "[0:0::1]:22", "[::1]:22"]);
        assert_eq!(all("127.1", 22), ["127.0.0.1", "127.1", "[127.0.0.1]:22", "[127.1]:22"]);
        assert_eq!(all("FE80:0::1", 2222), ["[fe80::1]:2222", "[fe80:0::1]:2222"]);
    }
}
