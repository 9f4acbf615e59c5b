//! Whose a key is, by the record: a host's own lines count, and a pattern that covers many names nobody.

use std::collections::HashMap;

use nixi_core::{Host, Port};

use super::file::KnownHosts;
use super::{HostKey, Names};

/// The keys that are on record for each of these hosts under its own name; none for what is no host.
pub(crate) fn keys_named(known: &KnownHosts, hosts: &[Option<(Host, Port)>]) -> Vec<Vec<HostKey>> {
    let named = |(at, host): (usize, &Option<(Host, Port)>)| {
        host.as_ref().map(|(host, port)| (at, Names::of(host.as_str(), port.get())))
    };
    let all: Vec<(usize, Names)> = hosts.iter().enumerate().filter_map(named).collect();
    let mut index: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (at, names) in &all {
        for name in names.all() {
            index.entry(name.to_ascii_lowercase().into_bytes()).or_default().push(*at);
        }
    }
    let mut keys: Vec<Vec<HostKey>> = vec![Vec::new(); hosts.len()];
    for line in known.lines().filter(|line| line.mark.is_none()) {
        let owners: Vec<usize> = if line.is_hashed() {
            let named = all.iter().filter(|(_, names)| line.names(names));
            named.map(|(at, _)| *at).collect()
        } else {
            let words = line.patterns().filter_map(|word| index.get(&word.to_ascii_lowercase()));
            words.flatten().copied().collect()
        };
        if owners.is_empty() {
            continue;
        }
        let Some(key) = line.key() else { continue };
        for at in owners {
            if let Some(keys) = keys.get_mut(at) {
                keys.push(key.clone());
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::super::hashed;
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

    fn has(line: &str, name: &str, port: u16) -> bool {
        let known = KnownHosts::of_text(format!("# x\n{line} {KEY}\nother broken\n").as_bytes());
        let host = |host: &str, port: u16| Some((host.parse().unwrap(), port.try_into().unwrap()));
        let hosts = [None, host("none.lan", 22), host(name, port)];
        let keys = keys_named(&known, &hosts);
        assert!(keys[0].is_empty() && keys[1].is_empty(), "{line}");
        keys[2].len() == 1
    }

    #[test]
    fn a_key_is_of_the_hosts_that_its_line_names() {
        for line in ["web", "a,WEB,b", "[web]:22", "web,*.lan", "!x,web"] {
            assert!(has(line, "web", 22), "{line}");
        }
        assert!(has("[web]:2222", "Web", 2222) && has("2001:db8::1", "2001:DB8:0::1", 22));
        assert!(has(&hashed("web"), "web", 22) && !has(&hashed("db"), "web", 22));
        for line in
            ["*", "w*", "web?", "web.lan", "[web]:2222", "@revoked web", "@cert-authority web", "!web,*"]
        {
            assert!(!has(line, "web", 22), "{line}");
        }
        // Without a port it vouches for any, and is of none but port 22.
        assert!(!has("web", "web", 2222));
    }
}
