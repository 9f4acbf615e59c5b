//! `service`, all but its logs.

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::Ground;

pub(super) const READS: [Read; 3] = [
    Read { action: "service.list", args: example, check: list },
    Read { action: "service.failed", args: example, check: failed },
    Read {
        action: "service.status",
        args: |_, _, _| json!({"names": ["greeter", "broken", "resting"]}),
        check: status,
    },
];

/// Over the bus, where the report is systemctl's: name, load, active and sub state of each.
fn units(machine: &Machine) -> Vec<Value> {
    let bus = "busctl --json=short call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
               org.freedesktop.systemd1.Manager ListUnits";
    let answer: Value = serde_json::from_str(&machine.root(bus).unwrap()).unwrap();
    let units = answer["data"][0].as_array().unwrap();
    let mut units: Vec<_> = units
        .iter()
        .filter(|unit| unit[2] != "not-found" || unit[3] != "inactive")
        .map(|unit| json!([unit[0], unit[2], unit[3], unit[4]]))
        .collect();
    units.sort_by_key(Value::to_string);
    units
}

fn told(report: &Value) -> Vec<Value> {
    let units = report["units"].as_array().unwrap();
    let mut units: Vec<_> =
        units.iter().map(|unit| json!([unit["unit"], unit["load"], unit["active"], unit["sub"]])).collect();
    units.sort_by_key(Value::to_string);
    units
}

fn list(_: &Ground, machine: &Machine, report: &Value) {
    let mut services = units(machine);
    services.retain(|unit| unit[0].as_str().unwrap().ends_with(".service"));
    assert_eq!(told(report), services);
    assert!(services.contains(&json!(["greeter.service", "loaded", "active", "running"])), "{report}");
}

fn failed(_: &Ground, machine: &Machine, report: &Value) {
    let mut failed = units(machine);
    failed.retain(|unit| unit[2] == "failed");
    assert_eq!(told(report), failed);
    assert_eq!(failed, [json!(["broken.service", "loaded", "failed", "failed"])]);
}

fn status(_: &Ground, machine: &Machine, report: &Value) {
    let [greeter, broken, resting] = report["units"].as_array().unwrap().as_slice() else {
        panic!("{report}")
    };
    let cgroup = "/sys/fs/cgroup/system.slice/greeter.service";
    assert_eq!(greeter["main_pid"].to_string(), machine.root(&format!("cat {cgroup}/cgroup.procs")).unwrap());
    assert_eq!(
        json!([greeter["description"], greeter["active"], greeter["sub"], greeter["enabled"]]),
        json!(["Greets, and stays", "active", "running", "enabled"])
    );
    let accounted = machine.root(&format!("cat {cgroup}/memory.current 2>/dev/null || echo null")).unwrap();
    assert_eq!(greeter["memory_bytes"].is_null(), accounted == "null", "{greeter}");
    assert_eq!(
        json!([broken["active"], broken["result"], broken["exit_status"], broken["main_pid"]]),
        json!(["failed", "exit-code", 3, null])
    );
    assert_eq!(json!([resting["active"], resting["active_since"]]), json!(["inactive", null]));
}
