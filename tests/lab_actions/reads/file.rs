//! `file`

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::{Ground, lines};

pub(super) const READS: [Read; 2] = [
    Read { action: "file.list", args: example, check: list },
    Read { action: "file.read", args: example, check: read },
];

fn list(_: &Ground, machine: &Machine, report: &Value) {
    let told: Vec<String> = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["name", "mode", "user", "group"].map(|key| entry[key].as_str().unwrap()).join(" "))
        .collect();
    let mut expected = lines(machine, "cd /srv && stat --format='%n 0%a %U %G' *");
    expected.sort();
    assert_eq!((told, &report["left_out"]), (expected, &json!([])), "{report}");
}

fn read(_: &Ground, machine: &Machine, report: &Value) {
    let path = "/srv/web/data";
    assert_eq!(report["content"].as_str().unwrap().trim_end(), machine.root(&format!("cat {path}")).unwrap());
    let digest = machine.root(&format!("sha256sum {path} | cut -d' ' -f1")).unwrap();
    assert_eq!((&report["sha256"], &report["user"]), (&digest.into(), &"root".into()), "{report}");
}
