//! `network`

use std::collections::BTreeSet;

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::{Ground, lines};

pub(super) const READS: [Read; 3] = [
    Read { action: "network.interfaces", args: example, check: interfaces },
    Read { action: "network.ports", args: example, check: ports },
    Read { action: "network.ping", args: target, check: ping },
];

/// A script with the /sys of the machine's own network; the one that it was started with is of the lab's.
fn with_own_sys(script: &str) -> String {
    format!("unshare --mount sh -c 'mount -t sysfs sysfs /sys && {script}'")
}

fn interfaces(_: &Ground, machine: &Machine, report: &Value) {
    let interfaces = report["interfaces"].as_array().unwrap();
    let mut names: Vec<_> = interfaces.iter().map(|interface| interface["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, lines(machine, &with_own_sys("ls /sys/class/net")));
    for interface in interfaces {
        let of = |file: &str| {
            let name = interface["name"].as_str().unwrap();
            machine.root(&with_own_sys(&format!("cat /sys/class/net/{name}/{file}"))).unwrap()
        };
        assert_eq!(interface["mtu"].to_string(), of("mtu"), "{interface}");
        assert_eq!(interface["state"], of("operstate"), "{interface}");
        assert_eq!(interface["mac"].as_str().unwrap_or("00:00:00:00:00:00"), of("address"), "{interface}");
    }
    let card = interfaces.iter().find(|interface| interface["name"] == "eth0").unwrap();
    assert_eq!(card["addresses"][0], format!("{}/24", machine.address()));
}

/// What the kernel says, in which ports are hexadecimal; 0A is a TCP socket that listens, 07 one of UDP that is not connected.
const LISTENING: &str = "cd /proc/net
    for table in 'tcp 0A' 'tcp6 0A' 'udp 07' 'udp6 07'; do
        set -- $table
        while read -r _ local _ state _; do
            [ \"$state\" != \"$2\" ] || echo \"${1%6} $((0x${local##*:}))\"
        done <$1
    done";

fn ports(_: &Ground, machine: &Machine, report: &Value) {
    let listeners = report["listeners"].as_array().unwrap();
    let told: BTreeSet<_> = listeners
        .iter()
        .map(|listener| format!("{} {}", listener["protocol"].as_str().unwrap(), listener["port"]))
        .collect();
    assert_eq!(told, lines(machine, LISTENING).into_iter().collect());
    assert!(told.contains("tcp 22") && told.contains("tcp 8080"), "{told:?}");
    // Those of others are not for the login user to see.
    assert!(listeners.iter().all(|listener| listener["process"].is_null()), "{report}");
}

/// Another machine than the one that is asked.
fn peer<'a>(ground: &'a Ground, machine: &Machine) -> &'a Machine {
    ground.lab.machines().iter().find(|other| other.name() != machine.name()).unwrap()
}

fn target(ground: &Ground, machine: &Machine, _: &str) -> Value {
    json!({"target": peer(ground, machine).address().to_string(), "count": 2})
}

fn ping(ground: &Ground, machine: &Machine, report: &Value) {
    let peer = peer(ground, machine);
    assert_eq!(report["target"], peer.address().to_string());
    assert_eq!(json!([report["sent"], report["received"]]), json!([2, 2]));
    let answered = "nstat --ignore --noupdate --zeros IcmpInEchos | awk '/InEchos/ { print $2 }'";
    assert_eq!(peer.root(answered).unwrap(), "2");
}
