//! `package`

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::Ground;

pub(super) const READS: [Read; 2] = [
    Read { action: "package.list", args: example, check: list },
    Read { action: "package.search", args: example, check: search },
];

/// Everything that the programs of the system are made of.
fn list(_: &Ground, machine: &Machine, report: &Value) {
    let references =
        machine.root("nix-store --query --references /run/current-system/sw | sort -u | wc -l").unwrap();
    let told = report["packages"].as_array().unwrap();
    assert!(!told.is_empty() && told.len() <= references.trim().parse().unwrap(), "{report}");
    assert_eq!(report["left_out"], json!([]), "{report}");
}

/// What Nix says of the package itself.
fn search(_: &Ground, machine: &Machine, report: &Value) {
    let name = machine
        .root("NIX_PATH=nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos nix-instantiate --eval -E '(import <nixpkgs> { }).htop.version'")
        .unwrap();
    let htop = report["packages"].as_array().unwrap().iter().find(|found| found["name"] == "htop").unwrap();
    assert_eq!(format!("{:?}", htop["version"].as_str().unwrap()), name.trim(), "{report}");
}
