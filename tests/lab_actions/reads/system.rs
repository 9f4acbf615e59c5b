//! `clock` and `system`.

use std::time::{Duration, SystemTime};

use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::ground::Ground;

pub(super) const READS: [Read; 3] = [
    Read { action: "clock.now", args: example, check: clock },
    Read { action: "system.info", args: example, check: info },
    Read { action: "system.resources", args: example, check: resources },
];

fn number(machine: &Machine, script: &str) -> u64 {
    machine.root(script).unwrap().trim().parse().unwrap()
}

fn clock(ground: &Ground, machine: &Machine, report: &Value) {
    // Machines have the clock of the kernel that they share with us.
    let told = SystemTime::UNIX_EPOCH + Duration::from_secs(report["unix_seconds"].as_u64().unwrap() + 1);
    assert!(ground.begun <= told && told <= SystemTime::now() + Duration::from_secs(1), "{report}");
    assert_eq!(report["zone"], "Europe/Berlin");
    let offset = machine.root("TZ=Europe/Berlin date +%:z").unwrap();
    assert!(report["time"].as_str().unwrap().ends_with(&offset), "{report}");
    assert!(
        report["uptime_seconds"].as_u64().unwrap() <= number(machine, "cut -d. -f1 /proc/uptime"),
        "{report}"
    );
}

fn info(_: &Ground, machine: &Machine, report: &Value) {
    assert_eq!(report["host_name"], machine.name());
    assert_eq!(report["os"], machine.root(". /etc/os-release; echo \"$PRETTY_NAME\"").unwrap());
    assert_eq!(report["nixos_version"], machine.root("cat /run/current-system/nixos-version").unwrap());
    let kernel = machine.root("cd /proc/sys/kernel; echo $(cat ostype) $(cat osrelease)").unwrap();
    assert_eq!(report["kernel"], kernel);
    assert_eq!(report["arch"], std::env::consts::ARCH);
    memory(machine, &report["memory"]);
    assert_eq!(report["root_disk"]["mount"], "/");
    assert_eq!(report["root_disk"]["total_bytes"], size_of(machine, "/"));
}

fn memory(machine: &Machine, report: &Value) {
    assert_eq!(report["total_bytes"], number(machine, "free -b | awk '/^Mem:/ { print $2 }'"));
    assert_eq!(report["swap_total_bytes"], number(machine, "free -b | awk '/^Swap:/ { print $2 }'"));
    assert!(report["available_bytes"].as_u64() <= report["total_bytes"].as_u64(), "{report}");
}

/// statfs(2), where the report is df's.
fn size_of(machine: &Machine, mount: &str) -> u64 {
    number(machine, &format!("echo $(($(stat --file-system --format '%b * %S' {mount})))"))
}

fn resources(_: &Ground, machine: &Machine, report: &Value) {
    memory(machine, &report["memory"]);
    let allowed = machine.root("awk '/^Cpus_allowed:/ { print $2 }' /proc/self/status").unwrap();
    let ones = allowed.chars().filter_map(|digit| digit.to_digit(16)).map(u32::count_ones).sum::<u32>();
    assert_eq!(report["cpus"], ones);
    let averages: f64 = machine.root("cut -d' ' -f3 /proc/loadavg").unwrap().parse().unwrap();
    // It moves by a hundredth part in the seconds since.
    assert!((report["load"]["fifteen"].as_f64().unwrap() - averages).abs() < 1.0, "{report}");
    assert_eq!(report["left_out"], json!([]));
    let disks = report["disks"].as_array().unwrap();
    let data = "findmnt --list --noheadings --output TARGET --types ext4,xfs,btrfs | sort -u";
    for mount in machine.root(data).unwrap().lines() {
        let disk = disks.iter().find(|disk| disk["mount"] == mount);
        assert_eq!(disk.map(|disk| &disk["total_bytes"]), Some(&json!(size_of(machine, mount))), "{report}");
    }
}
