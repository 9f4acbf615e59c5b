//! The examples, run as a reader of them would, against whole machines.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should fail there and then, and examples are programs"
)]

mod examples;

use examples::Home;
use nixi_lab::{Lab, Machine, MachineSpec};

/// A service that says when it was told to reload.
const SITE: &str = r#"
  systemd.services.site = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "/bin/sh -c 'echo started >>/run/site'";
      ExecReload = "/bin/sh -c 'echo reloaded >>/run/site'";
    };
  };
"#;

/// Machines with a site and a container; `monitoring` is monitored.
fn lab(names: &[&str]) -> (Lab, Home) {
    let machines = names.iter().map(|name| MachineSpec::new(*name).options(SITE));
    let lab = machines.fold(Lab::builder(), nixi_lab::LabBuilder::machine).up().unwrap();
    for machine in lab.machines() {
        machine.root("tar -C / -c bin/busybox | podman import -q - localhost/idle").unwrap();
        machine
            .root("podman run -d --stop-signal KILL --name cache localhost/idle /bin/busybox sleep 1d")
            .unwrap();
    }
    let mode = |machine: &Machine| if machine.name() == "monitoring" { "monitored" } else { "managed" };
    let home = Home::new(&lab.config(mode), &lab.known_hosts().unwrap());
    (lab, home)
}

fn container_state(machine: &Machine) -> String {
    machine.root("podman inspect --format '{{.State.Status}}' cache").unwrap().trim().to_owned()
}

/// How often the site was started and reloaded.
fn site(machine: &Machine) -> (usize, usize) {
    let said = machine.read("/run/site").unwrap();
    (said.matches("started").count(), said.matches("reloaded").count())
}

#[test]
fn fleet_status_shows_every_machine() {
    let (lab, home) = lab(&["web-server", "monitoring"]);
    let up = home.run("fleet_status", &["web-server", "monitoring"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    for (name, mode) in [("web-server", "managed"), ("monitoring", "monitored")] {
        let row = up.row(name);
        assert!(
            row.contains(&format!("{mode} ")) && row.contains("online") && row.ends_with("cache"),
            "{row}"
        );
    }
    lab.machine("web-server").power_off().unwrap();
    let down = home.run("fleet_status", &["web-server", "monitoring"]);
    assert_eq!(down.code, Some(4), "{down:?}");
    assert!(down.row("web-server").contains("unreachable"), "{down:?}");
    assert!(down.row("monitoring").contains("online"), "{down:?}");
}

#[test]
fn custom_tool_reloads_a_unit_of_a_managed_machine_alone() {
    let (lab, home) = lab(&["web-server", "monitoring"]);
    let planned = home.run("custom_tool", &["web-server", "site"]);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    assert!(planned.out.contains("text: site.service is active, restarted 0 times"), "{planned:?}");
    assert_eq!(site(lab.machine("web-server")), (1, 0));
    let applied = home.run("custom_tool", &["--yes", "web-server", "site"]);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert_eq!(site(lab.machine("web-server")), (1, 1));
    let refused = home.run("custom_tool", &["--yes", "monitoring", "site"]);
    assert!(refused.code == Some(3) && refused.err.contains("read-only"), "{refused:?}");
    assert_eq!(site(lab.machine("monitoring")), (1, 0));
}

#[test]
fn monitored_guard_sends_one_read_and_nothing_else() {
    let (lab, home) = lab(&["monitoring"]);
    let machine = lab.machine("monitoring");
    let logins = || {
        let said =
            machine.root("journalctl -o cat -u sshd.service --grep 'Accepted publickey' | wc -l").unwrap();
        said.trim().parse::<usize>().unwrap()
    };
    let before = logins();
    let ran = home.run("monitored_guard", &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains(" 0 got through, 0 plans to approve, 0 sent"), "{ran:?}");
    assert!(ran.out.contains("a read, to compare: done"), "{ran:?}");
    assert_eq!(logins(), before + 1, "the read's login, by the machine's own journal");
}

#[test]
fn multi_node_deploy_changes_what_was_reviewed() {
    let (lab, home) = lab(&["web-server", "db-server"]);
    let workflow = [
        "stop container cache on web-server and db-server",
        "restart site service on web-server and db-server",
        "list containers on web-server",
    ];
    let unapproved = home.run("multi_node_deploy", &workflow);
    assert_eq!(unapproved.code, Some(3), "{unapproved:?}");
    for machine in lab.machines() {
        assert_eq!((container_state(machine).as_str(), site(machine)), ("running", (1, 0)));
    }
    let ran = home.run("multi_node_deploy", &[&["--yes"], &workflow[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.ends_with("summary: 5 done\n"), "{ran:?}");
    for machine in lab.machines() {
        assert_eq!((container_state(machine).as_str(), site(machine)), ("exited", (2, 0)));
    }
}
