//! The rules that make the firewall of NixOS with nftables (`nftables-rules`): in the table `inet nixos-fw` the chain
//! `input-allow`, with lines such as `tcp dport { 22, 8000-8010 } accept`.

use super::{Read, Rule, Rules};
use crate::firewall::ports::Ports;
use crate::rows::LeftOut;

/// The rules of such a text.
///
/// # Errors
/// If the table of NixOS is not in it.
pub(in crate::firewall) fn nftables(text: &str) -> Result<Rules, String> {
    let tokens = tokens(text);
    let mut rules = Rules::default();
    let mut is_there = false;
    for table in blocks(&tokens) {
        if table.head.last().copied() != Some("nixos-fw") {
            if table.head.first() == Some(&"table") && is_input(table.body) {
                let name = table.head.join(" ");
                rules.left_out.push(LeftOut::new(&name, "a table of one's own, which also decides"));
            }
            continue;
        }
        for chain in blocks(table.body) {
            match chain.head.as_slice() {
                ["chain", "input-allow"] => {
                    is_there = true;
                    for statement in statements(chain.body) {
                        rules.take(&statement.join(" "), rule(&statement));
                    }
                }
                ["chain", "input"] => {
                    let trusted = statements(chain.body).into_iter().filter_map(|line| trusted(&line));
                    rules.trusted.extend(trusted.flatten());
                }
                _ => {}
            }
        }
    }
    match is_there {
        true => Ok(rules.sorted()),
        false => Err("it has no table nixos-fw".to_owned()),
    }
}

/// What stands before a pair of braces, and in it.
struct Block<'a, 'b> {
    head: Vec<&'a str>,
    body: &'b [&'a str],
}

/// Words, strings without their quotes, braces, commas and ends of lines; comments go.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => match rest.get(1..).and_then(|inner| inner.split_once('"')) {
                Some((inner, after)) => {
                    tokens.push(inner);
                    rest = after;
                    continue;
                }
                None => 1,
            },
            '{' | '}' | ',' | ';' | '\n' => {
                tokens.extend(rest.get(..1));
                1
            }
            _ if first.is_whitespace() || first == '\\' => {
                // A line that goes on ends behind its backslash.
                let continued = rest.strip_prefix("\\\n").map(|after| rest.len() - after.len());
                continued.unwrap_or(first.len_utf8())
            }
            _ => {
                let is_end =
                    |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | ';' | '"' | '#' | '\\');
                let end = rest.find(is_end).unwrap_or(rest.len());
                tokens.extend(rest.get(..end));
                end
            }
        };
        rest = rest.get(end..).unwrap_or_default();
    }
    tokens
}

/// The pairs of braces that are in no other.
fn blocks<'a, 'b>(tokens: &'b [&'a str]) -> Vec<Block<'a, 'b>> {
    let (mut blocks, mut head, mut depth, mut start) = (Vec::new(), Vec::new(), 0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" => {
                if depth == 0 {
                    start = at + 1;
                }
                depth += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let body = tokens.get(start..at).unwrap_or_default();
                    blocks.push(Block { head: std::mem::take(&mut head), body });
                }
            }
            "\n" | ";" if depth == 0 => head.clear(),
            word if depth == 0 => head.push(word),
            _ => {}
        }
    }
    blocks
}

/// The rules of a chain, each with its braces.
fn statements<'a>(body: &[&'a str]) -> Vec<Vec<&'a str>> {
    let (mut all, mut one, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for token in body {
        match *token {
            "\n" | ";" if depth == 0 => all.push(std::mem::take(&mut one)),
            "\n" => {}
            word => {
                match word {
                    "{" => depth += 1,
                    "}" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                one.push(word);
            }
        }
    }
    all.push(one);
    all.retain(|one| !one.is_empty());
    all
}

/// Whether a table decides what comes in.
fn is_input(body: &[&str]) -> bool {
    body.windows(2).any(|pair| pair == ["hook", "input"])
}

/// The interfaces of a rule that lets in everything by them.
fn trusted(statement: &[&str]) -> Option<Vec<String>> {
    match rule(statement) {
        Some(Read::Trusts(interfaces)) => Some(interfaces),
        Some(Read::LetsIn(_) | Read::Other) | None => None,
    }
}

/// One value, or those between braces; and what stands behind.
fn values<'a, 'b>(tokens: &'b [&'a str]) -> Option<(Vec<&'a str>, &'b [&'a str])> {
    let (first, rest) = tokens.split_first()?;
    if *first != "{" {
        return Some((vec![first], rest));
    }
    let end = rest.iter().position(|token| *token == "}")?;
    let inner = rest.get(..end)?.iter().copied().filter(|token| *token != ",").collect();
    Some((inner, rest.get(end + 1..)?))
}

/// Nothing, if it cannot be read.
fn rule(statement: &[&str]) -> Option<Read> {
    let (mut interfaces, mut ports, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_let_in = false;
    let mut rest = statement;
    loop {
        rest = match rest {
            [] => break,
            ["iifname" | "iif", after @ ..] if !matches!(after.first(), Some(&"!=" | &"==")) => {
                let (values, rest) = values(after)?;
                interfaces.extend(values);
                rest
            }
            [protocol @ ("tcp" | "udp"), "dport", after @ ..] if after.first() != Some(&"!=") => {
                let (values, rest) = values(after)?;
                for value in values {
                    ports.push(Ports::between(value, '-', protocol)?);
                }
                rest
            }
            ["accept", rest @ ..] => {
                is_let_in = true;
                rest
            }
            ["counter", rest @ ..] => rest,
            ["comment", _, rest @ ..] => rest,
            // Those that NixOS has for itself.
            ["icmp" | "icmpv6", "type", ..] if conditions.is_empty() => return Some(Read::Other),
            ["meta", "l4proto", ".", "th", "dport", "@temp-ports", ..] => return Some(Read::Other),
            ["ip6", "daddr", "fe80::/64", "udp", "dport", "546", ..] => return Some(Read::Other),
            [word, rest @ ..] => {
                conditions.push(*word);
                rest
            }
        };
    }
    const UNREAD: [&str; 7] = ["drop", "reject", "jump", "goto", "return", "log", "dport"];
    if !is_let_in || conditions.iter().any(|word| UNREAD.contains(word)) {
        return None;
    }
    let interfaces: Vec<String> = interfaces.into_iter().map(str::to_owned).collect();
    let only = (!conditions.is_empty()).then(|| conditions.join(" "));
    if ports.is_empty() && only.is_none() {
        return (!interfaces.is_empty()).then_some(Read::Trusts(interfaces));
    }
    let by: Vec<Option<String>> = match interfaces.is_empty() {
        true => vec![None],
        false => interfaces.into_iter().map(Some).collect(),
    };
    let to: Vec<Option<Ports>> = match ports.is_empty() {
        true => vec![None],
        false => ports.into_iter().map(Some).collect(),
    };
    let mut rules = Vec::new();
    for interface in &by {
        for ports in &to {
            let (interface, ports, only) = (interface.clone(), ports.clone(), only.clone());
            rules.push(Rule { interface, ports, protocol: None, only });
        }
    }
    Some(Read::LetsIn(rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// In the shape that NixOS 24.05 to 26.05 have it.
    const RULES: &str = r#"#! /nix/store/x-nftables/bin/nft -f
# previous deletions, if any
include "/var/lib/nftables/deletions.nft"
# current deletions
include "/nix/store/x-nftables-deletions"
table inet nixos-fw {
  set temp-ports {
    comment "Temporarily opened ports"
    type inet_proto . inet_service
    flags interval
    auto-merge
  }
  chain rpfilter {
    type filter hook prerouting priority mangle + 10; policy drop;
    meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept comment "DHCPv4 client/server"
    fib saddr . mark . iif oif exists accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname { "lo", "wg0" } accept comment "trusted interfaces"
    # Some ICMPv6 types like NDP is untracked
    ct state vmap {
      invalid : drop,
      established : accept,
      new : jump input-allow,
    }
    tcp flags syn / fin,syn,rst,ack log level info prefix "refused connection: "
  }
  chain input-allow {
     tcp dport { 22, 443, 8000-8010 } accept
     udp dport { 51820 } accept
    iifname eth1 tcp dport { 9100 } accept
    meta l4proto . th dport @temp-ports accept
    icmp type echo-request  accept comment "allow ping"
    icmpv6 type != { nd-redirect, 139 } accept comment "See RFC 4890, section 4.4."
    ip6 daddr fe80::/64 udp dport 546 accept comment "DHCPv6 client"
    OWN
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    tcp dport 1 accept
  }
}
"#;

    fn told(own: &str) -> Rules {
        nftables(&RULES.replace("OWN", own)).unwrap()
    }

    fn shown(rules: &Rules) -> Vec<String> {
        let show = |rule: &Rule| {
            let ports = rule.ports.as_ref().map(Ports::word);
            let words = [ports, rule.interface.clone(), rule.only.clone()];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        rules.rules.iter().map(show).collect()
    }

    #[test]
    fn the_rules_of_nixos_are_read() {
        let rules = told("");
        let expected = ["22/tcp", "443/tcp", "8000-8010/tcp", "51820/udp", "9100/tcp eth1"];
        assert_eq!(shown(&rules), expected);
        assert_eq!((rules.trusted, rules.left_out), (vec!["lo".to_owned(), "wg0".to_owned()], vec![]));
    }

    #[test]
    fn rules_of_ones_own_are_read_as_far_as_they_are_plain() {
        for (own, expected) in [
            ("ip saddr 10.0.0.0/8 tcp dport 3306 accept", "3306/tcp ip saddr 10.0.0.0/8"),
            ("iifname \"br0\" udp dport { 53,\n 67 } counter accept", "53/udp br0,67/udp br0"),
            ("ip saddr 10.1.2.3 accept", "ip saddr 10.1.2.3"),
            ("# tcp dport 1 accept", ""),
        ] {
            let (rules, usual) = (told(own), shown(&told("")));
            let all = shown(&rules);
            let new: Vec<&str> =
                all.iter().filter(|rule| !usual.contains(rule)).map(String::as_str).collect();
            assert_eq!((new.join(","), &rules.left_out[..]), (expected.to_owned(), &[][..]), "{own}");
        }
        assert_eq!(told("iifname tailscale0 accept").trusted, ["lo", "tailscale0", "wg0"]);
    }

    #[test]
    fn what_is_no_plain_rule_is_left_out_and_hides_no_other() {
        for own in [
            "tcp dport $ports accept",
            "tcp dport ssh accept",
            "meta l4proto { tcp, udp } th dport 53 accept",
            "ip saddr 10.0.0.1 drop",
            "jump mine",
            "tcp dport != 22 accept",
            "accept",
        ] {
            let rules = told(own);
            assert_eq!((rules.left_out.len(), rules.rules.len()), (1, 5), "{own}: {rules:?}");
        }
    }

    #[test]
    fn other_tables_that_decide_are_named() {
        let more =
            format!("{RULES}table inet mine {{ chain in {{ type filter hook input priority 0; }} }}\n");
        let rules = nftables(&more.replace("OWN", "")).unwrap();
        assert_eq!((rules.rules.len(), rules.left_out.len()), (5, 1));
        assert_eq!(rules.left_out[0].what, "table inet mine");
        for other in
            ["", "table inet filter { chain input { tcp dport 22 accept } }", "table inet nixos-fw {"]
        {
            assert!(nftables(other).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(own in "\\PC*|((tcp|udp) dport|iifname|accept|[{},;\"#\\\\]| |\n|[0-9-]{1,6}){0,20}") {
            let _ = nftables(&RULES.replace("OWN", &own));
            let _ = nftables(&own);
        }
    }
}
