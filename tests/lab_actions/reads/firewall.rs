//! `firewall`

use std::collections::BTreeSet;

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::{Ground, lines};

pub(super) const READS: [Read; 1] = [Read { action: "firewall.list", args: example, check: list }];

/// What the kernel itself lets in by port, all that NixOS always has aside: protocol, ports and interface.
const OPEN: &str = "iptables -S nixos-fw | grep -e '--dport' | grep -v -e '-i v[etz]-+' -e '-i ns-+' |
    sed -E -e 's/^.* -p ([a-z]+) .*--dport ([0-9:]+) .*$/\\1 \\2 &/' -e 's/^(.*) -A .* -i ([^ ]+) .*$/\\1 \\2/' -e 's/ -A .*//'";

fn list(_: &Ground, machine: &Machine, report: &Value) {
    assert_eq!((&report["state"], &report["backend"]), (&json!("on"), &json!("iptables")), "{report}");
    let told: BTreeSet<String> = report["openings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|opening| {
            let (from, to) = (&opening["from"], &opening["to"]);
            let ports = if from == to { from.to_string() } else { format!("{from}:{to}") };
            let words = [opening["protocol"].as_str().unwrap(), &ports];
            words.into_iter().chain(opening["interface"].as_str()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(told, lines(machine, OPEN).into_iter().collect());
    assert!(told.contains("tcp 22") && told.contains("udp 53 podman0"), "{report}");
    assert_eq!((&report["trusted"], &report["left_out"]), (&json!(["lo"]), &json!([])), "{report}");
}
