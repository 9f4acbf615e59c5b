//! `node`: the controller's own list.

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::{Ground, MONITORING, WEB};

pub(super) const READS: [Read; 2] = [
    Read { action: "node.list", args: example, check: list },
    Read { action: "node.status", args: |_, machine, _| json!({"names": [machine.name()]}), check: status },
];

fn row(machine: &Machine, mode: &str) -> Value {
    let address = machine.address().to_string();
    json!([machine.name(), address, 22, machine.user(), mode, false, "online", null])
}

fn rows(report: &Value) -> Vec<Value> {
    let row = |row: &Value| {
        let keys = ["name", "host", "port", "user", "mode", "local", "status", "reason"];
        Value::from(keys.map(|key| row[key].clone()).to_vec())
    };
    report["nodes"].as_array().unwrap().iter().map(row).collect()
}

fn list(ground: &Ground, _: &Machine, report: &Value) {
    let rows = rows(report);
    assert_eq!(rows[0][5], true, "the controller comes first");
    let nodes = [row(ground.machine(WEB), "managed"), row(ground.machine(MONITORING), "monitored")];
    assert_eq!(rows[1..], nodes);
}

fn status(_: &Ground, machine: &Machine, report: &Value) {
    let mode = if machine.name() == MONITORING { "monitored" } else { "managed" };
    assert_eq!(rows(report), [row(machine, mode)]);
}
