//! `nixos`

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::Ground;

pub(super) const READS: [Read; 4] = [
    Read { action: "nixos.channels", args: example, check: channels },
    Read { action: "nixos.generations", args: example, check: generations },
    Read { action: "nixos.option", args: example, check: option },
    Read { action: "nixos.show", args: example, check: show },
];

fn said(machine: &Machine, script: &str) -> String {
    machine.root(script).unwrap().trim().to_owned()
}

/// What nix-channel lists itself, and the files of the channel.
fn channels(_: &Ground, machine: &Machine, report: &Value) {
    let told = &report["channels"][0];
    assert_eq!(
        format!("{} {}", told["name"].as_str().unwrap(), told["url"].as_str().unwrap()),
        said(machine, "nix-channel --list"),
        "{report}"
    );
    let version = "cd /nix/var/nix/profiles/per-user/root/channels/nixos && cat .version .version-suffix";
    assert_eq!(told["release"], said(machine, version), "{report}");
    assert_eq!((&report["used"], &report["inputs"]), (&json!("channels"), &json!([])), "{report}");
    assert_eq!(report["left_out"], json!([]), "{report}");
}

/// What nixos-rebuild lists itself.
fn generations(_: &Ground, machine: &Machine, report: &Value) {
    let listed: Vec<Value> =
        serde_json::from_str(&said(machine, "nixos-rebuild list-generations --json")).unwrap();
    let told = report["generations"].as_array().unwrap();
    assert_eq!(told.len(), listed.len(), "{report}");
    for (told, listed) in told.iter().zip(&listed) {
        assert_eq!(told["number"], listed["generation"], "{report}");
        assert_eq!(told["nixos_version"], listed["nixosVersion"], "{report}");
        assert_eq!(told["boots_next"], listed["current"], "{report}");
        let link = format!("/nix/var/nix/profiles/system-{}-link", told["number"]);
        assert_eq!(told["path"], said(machine, &format!("readlink {link}")));
        let made = said(machine, &format!("date --utc --date=@$(stat --format=%Y {link}) +%FT%TZ"));
        assert_eq!(told["made"], made, "{report}");
    }
    assert_eq!((&report["needs_reboot"], &report["left_out"]), (&json!(false), &json!([])));
}

/// What the configuration itself says, on the line where it says it.
fn option(_: &Ground, machine: &Machine, report: &Value) {
    assert_eq!(
        (&report["option"], &report["value"]),
        (&json!("services.openssh.enable"), &json!(true)),
        "{report}"
    );
    assert_eq!(report["default"], json!(false), "{report}");
    let line =
        said(machine, "grep -n 'services.openssh.enable = true' /etc/nixos/configuration.nix | cut -d: -f1");
    let by = json!([{"file": "/etc/nixos/configuration.nix", "line": line.parse::<u64>().unwrap(), "value": true}]);
    assert_eq!(report["set_by"], by, "{report}");
}

fn show(_: &Ground, machine: &Machine, report: &Value) {
    let own = json!({
        "path": "/etc/nixos/nixi.nix",
        "state": "missing",
        "imported_by": "/etc/nixos/configuration.nix",
    });
    assert_eq!((&report["kind"], &report["own_module"]), (&json!("plain"), &own), "{report}");
    assert_eq!(report["file"], "/etc/nixos/configuration.nix");
    assert_eq!((&report["obstacle"], &report["left_out"]), (&Value::Null, &json!([])), "{report}");
    assert_eq!(report["nixos_version"], said(machine, "cat /run/current-system/nixos-version"));
    assert_eq!(report["running"], said(machine, "readlink -f /run/current-system"));
    assert_eq!(
        report["boots_next"].to_string(),
        said(machine, "readlink /nix/var/nix/profiles/system | cut -d- -f2")
    );
}
