//! The script that makes the firewall of NixOS with iptables (`firewall-start`): `ip46tables -A nixos-fw -p tcp --dport 22 -j
//! nixos-fw-accept`, a line for each port. What others add to it by `extraCommands` may be any shell.

use super::{Read, Rule, Rules};
use crate::firewall::ports::Ports;

/// The chain that decides.
const CHAIN: &str = "nixos-fw";
const ACCEPT: &str = "nixos-fw-accept";
const REFUSE: &str = "nixos-fw-log-refuse";

/// The rules of such a script.
///
/// # Errors
/// If it does not make the chain of NixOS.
pub(in crate::firewall) fn iptables(script: &str) -> Result<Rules, String> {
    let script = script.replace("\\\n", " ");
    let mut lines = script.lines().map(str::trim);
    if !lines.any(|line| line.ends_with(&format!("-N {CHAIN}"))) {
        return Err(format!("it does not make the chain {CHAIN}"));
    }
    let mut rules = Rules::default();
    for line in lines {
        if line.ends_with(&format!("-A {CHAIN} -j {REFUSE}")) {
            return Ok(rules.sorted());
        }
        if line.contains(CHAIN) || line.contains("INPUT") {
            rules.take(line, rule(line));
        }
    }
    Err(format!("it does not end the chain {CHAIN}"))
}

/// What an option of iptables(8) takes, as far as it matters here.
struct Told {
    is_other_table: bool,
    chain: Option<String>,
    target: Option<String>,
    protocol: Option<String>,
    ports: Vec<String>,
    interface: Option<String>,
    conditions: Vec<String>,
}

/// Nothing, if it cannot be read.
fn rule(line: &str) -> Option<Read> {
    if line.starts_with('#') {
        return Some(Read::Other);
    }
    let mut words = shlex::Shlex::new(line);
    let program = words.next()?;
    let family = match program.as_str() {
        "ip46tables" => None,
        "iptables" => Some("IPv4"),
        "ip6tables" => Some("IPv6"),
        _ => return None,
    };
    let told = told(&mut words, family)?;
    if words.had_error {
        return None;
    }
    if told.is_other_table || told.chain.as_deref().is_none_or(|chain| ![CHAIN, "INPUT"].contains(&chain)) {
        return Some(Read::Other);
    }
    let is_of_icmp = matches!(told.protocol.as_deref(), Some("icmp" | "icmpv6" | "ipv6-icmp"));
    let is_of_connections = told.conditions.iter().any(|word| word.contains("ESTABLISHED"));
    let is_told = ["LOG", "nixos-fw-rpfilter"].contains(&told.target.as_deref()?);
    if is_of_icmp || is_of_connections || is_told {
        return Some(Read::Other);
    }
    if ![ACCEPT, "ACCEPT"].contains(&told.target.as_deref()?) {
        return None;
    }
    let is_plain = told.conditions.is_empty() && told.protocol.is_none();
    if let (true, [], Some(interface)) = (is_plain, told.ports.as_slice(), &told.interface) {
        return Some(Read::Trusts(vec![interface.clone()]));
    }
    let only = (!told.conditions.is_empty()).then(|| told.conditions.join(" "));
    let interface = told.interface;
    if told.ports.is_empty() {
        let (ports, protocol) = (None, told.protocol);
        return Some(Read::LetsIn(vec![Rule { interface, ports, protocol, only }]));
    }
    let protocol = told.protocol?;
    let mut rules = Vec::new();
    for ports in &told.ports {
        let ports = Ports::between(ports, ':', &protocol)?;
        if !is_of_dhcp(&ports, interface.as_deref(), only.as_deref()) {
            let (interface, only) = (interface.clone(), only.clone());
            rules.push(Rule { interface, ports: Some(ports), protocol: None, only });
        }
    }
    Some(Read::LetsIn(rules))
}

fn told(words: &mut shlex::Shlex<'_>, family: Option<&str>) -> Option<Told> {
    let mut told = Told {
        is_other_table: false,
        chain: None,
        target: None,
        protocol: None,
        ports: Vec::new(),
        interface: None,
        conditions: family.map(str::to_owned).into_iter().collect(),
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            // What iptables says, and what else is done where it fails.
            "2>/dev/null" => {}
            "2>" => drop(words.next()),
            "||" if matches!(words.next().as_deref(), Some("true" | ":")) => {}
            "-w" | "--wait" | "-n" => {}
            "-t" | "--table" => told.is_other_table = words.next()? != "filter",
            "-A" | "--append" | "-I" | "--insert" => told.chain = Some(words.next()?),
            // A chain that is made, emptied or taken away lets nothing in.
            "-D" | "--delete" | "-N" | "--new-chain" | "-F" | "--flush" | "-X" | "--delete-chain" => {
                told.is_other_table = true;
                drop(words.next());
            }
            "-p" | "--protocol" | "--proto" => told.protocol = Some(words.next()?),
            "-i" | "--in-interface" => told.interface = Some(words.next()?),
            "-j" | "--jump" | "-g" | "--goto" => told.target = Some(words.next()?),
            "--dport" | "--destination-port" => told.ports.push(words.next()?),
            "--dports" | "--destination-ports" => {
                told.ports.extend(words.next()?.split(',').map(str::to_owned));
            }
            "-m" | "--match" => {
                let module = words.next()?;
                if !["tcp", "udp", "multiport", "comment", "conntrack", "state"].contains(&module.as_str()) {
                    told.conditions.extend([word, module]);
                }
            }
            "--comment" => drop(words.next()),
            // What is negated is a condition, and so is all that is not known here.
            "!" => told.conditions.extend([word, words.next()?, words.next()?]),
            _ if word.contains(['$', '`', ';', '&', '|', '(', ')']) => return None,
            _ => told.conditions.push(word),
        }
    }
    Some(told)
}

/// Whether it is one of those by which NixOS lets its own DHCP in.
fn is_of_dhcp(ports: &Ports, interface: Option<&str>, only: Option<&str>) -> bool {
    let of_guests = interface.is_some_and(|name| ["ve-+", "vz-+", "vt-+", "ns-+"].contains(&name));
    match ports.word().as_str() {
        "67/udp" => of_guests,
        "546/udp" => only.is_some_and(|only| only.contains("fe80::/64")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// In the shape that NixOS 24.05 to 26.05 have it.
    pub(crate) const SCRIPT: &str = r#"#! /nix/store/x-bash/bin/bash -e
# Helper command to manipulate both the IPv4 and IPv6 tables.
ip46tables() {
  iptables -w "$@"
  ip6tables -w "$@"
}
ip46tables -D INPUT -j nixos-fw 2> /dev/null || true
ip46tables -N nixos-fw-accept
ip46tables -A nixos-fw-accept -j ACCEPT
ip46tables -N nixos-fw-log-refuse
ip46tables -A nixos-fw-log-refuse -m pkttype --pkt-type broadcast \
  -j LOG --log-level info --log-prefix "refused broadcast: "
ip46tables -A nixos-fw-log-refuse -j nixos-fw-refuse

# The "nixos-fw" chain does the actual work.
ip46tables -N nixos-fw
ip46tables -t mangle -D PREROUTING -j nixos-fw-rpfilter 2> /dev/null || true
ip46tables -t mangle -N nixos-fw-rpfilter 2> /dev/null || true
iptables -t mangle -A nixos-fw-rpfilter -p udp --sport 67 --dport 68 -j RETURN
ip46tables -t mangle -A PREROUTING -j nixos-fw-rpfilter

# Accept all traffic on the trusted interfaces.
ip46tables -A nixos-fw -i lo -j nixos-fw-accept
ip46tables -A nixos-fw -i ve-+ -p udp --dport 67 -j nixos-fw-accept
ip46tables -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
ip46tables -A nixos-fw -p tcp --dport 443 -j nixos-fw-accept 
ip46tables -A nixos-fw -p tcp --dport 22 -j nixos-fw-accept 
ip46tables -A nixos-fw -p tcp --dport 9100 -j nixos-fw-accept -i wg0
ip46tables -A nixos-fw -p udp --dport 60000:60010 -j nixos-fw-accept 
iptables -w -A nixos-fw -p icmp --icmp-type echo-request -m limit --limit 1/second -j nixos-fw-accept
ip6tables -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
ip6tables -A nixos-fw -p icmpv6 -j nixos-fw-accept
ip6tables -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept
OWN
# Reject/drop everything else.
ip46tables -A nixos-fw -j nixos-fw-log-refuse
ip46tables -A INPUT -j nixos-fw
"#;

    fn told(own: &str) -> Rules {
        iptables(&SCRIPT.replace("OWN", own)).unwrap()
    }

    fn shown(rules: &Rules) -> Vec<String> {
        let show = |rule: &Rule| {
            let ports = rule.ports.as_ref().map(Ports::word);
            let words = [ports, rule.protocol.clone(), rule.interface.clone(), rule.only.clone()];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        rules.rules.iter().map(show).collect()
    }

    #[test]
    fn a_script_of_nixos_is_read() {
        let rules = told("");
        assert_eq!(shown(&rules), ["22/tcp", "443/tcp", "60000-60010/udp", "9100/tcp wg0"]);
        assert_eq!((rules.trusted, rules.left_out), (vec!["lo".to_owned()], vec![]));
    }

    #[test]
    fn rules_of_ones_own_are_read_as_far_as_they_are_rules() {
        for (own, expected) in [
            (
                "iptables -A nixos-fw -p tcp --source 10.0.0.0/8 --dport 3306:3306 -j nixos-fw-accept",
                "3306/tcp IPv4 --source 10.0.0.0/8",
            ),
            (
                "ip46tables -I nixos-fw -p tcp -m multiport --dports 81,82 -m comment --comment 'a b' -j ACCEPT || true",
                "81/tcp,82/tcp",
            ),
            ("iptables -A INPUT -s 10.1.2.3 -j ACCEPT", "IPv4 -s 10.1.2.3"),
            ("ip46tables -A nixos-fw -p gre -j nixos-fw-accept", "gre"),
            ("ip46tables -A nixos-fw ! -i wan -p udp --dport 53 -j nixos-fw-accept", "53/udp ! -i wan"),
            ("iptables -t nat -A nixos-nat-post -j MASQUERADE # INPUT", ""),
            ("iptables -A FORWARD -i INPUT -j ACCEPT", ""),
            ("# ip46tables -A nixos-fw -p tcp --dport 1 -j nixos-fw-accept", ""),
        ] {
            let rules = told(own);
            let all = shown(&rules);
            let usual = shown(&told(""));
            let new: Vec<&str> =
                all.iter().filter(|rule| !usual.contains(rule)).map(String::as_str).collect();
            assert_eq!((new.join(","), &rules.left_out[..]), (expected.to_owned(), &[][..]), "{own}");
        }
    }

    #[test]
    fn what_is_no_plain_rule_is_left_out_and_hides_no_other() {
        for own in [
            "for p in 80 443; do iptables -A nixos-fw -p tcp --dport $p -j nixos-fw-accept; done",
            "ip46tables -A nixos-fw -p tcp --dport $port -j nixos-fw-accept",
            "ip46tables -A nixos-fw -p tcp --dport http -j nixos-fw-accept",
            "ip46tables -A nixos-fw -p tcp --dport 1 -j nixos-fw-accept; true",
            "ip46tables -A nixos-fw -s 10.0.0.1 -j nixos-fw-refuse",
            "ip46tables -A nixos-fw -j my-chain",
            "ip46tables -A nixos-fw -p tcp --dport 'unclosed -j nixos-fw-accept",
            "test -e /x && iptables -A nixos-fw -p tcp --dport 80 -j nixos-fw-accept",
        ] {
            let rules = told(own);
            assert_eq!((rules.left_out.len(), rules.rules.len()), (1, 4), "{own}: {rules:?}");
        }
    }

    #[test]
    fn another_script_is_none_of_nixos() {
        for text in ["", "iptables -A INPUT -p tcp --dport 22 -j ACCEPT", "ip46tables -N nixos-fw\n"] {
            assert!(iptables(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(own in "\\PC*|((ip6?tables|ip46tables) (-A nixos-fw|-p tcp|--dport|-j|!|'|\\$| |[0-9:]{1,6}){0,8}\n){0,4}") {
            let rules = told(&own);
            prop_assert!(rules.rules.len() >= 4 || own.contains("nixos-fw"));
            let _ = iptables(&own);
        }
    }
}
