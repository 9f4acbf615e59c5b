//! Which units a switch touches, and how.

use crate::host::Host;

fn service(name: &str, more: &str) -> String {
    format!(
        "systemd.services.{name} = {{ wantedBy = [ \"multi-user.target\" ]; script = \"exec sleep 999\"; {more} }};"
    )
}

#[track_caller]
fn says(said: &nixi_lab::Said, line: &str) {
    assert!(said.stderr.lines().any(|other| other == line), "{line}: {said}");
}

#[test]
fn a_changed_unit_is_stopped_and_started() {
    let host = Host::with(&service("a", "environment.A = \"1\";"));
    let said = host.switch(&service("a", "environment.A = \"2\";"));
    says(&said, "stopping the following units: a.service");
    says(&said, "starting the following units: a.service");
}

#[test]
fn a_unit_can_be_restarted_or_reloaded_or_left_instead() {
    let units = |variable: &str| {
        service("restarted", &format!("stopIfChanged = false; environment.A = \"{variable}\";"))
            + &service(
                "reloaded",
                &format!("reloadIfChanged = true; reload = \"true\"; environment.A = \"{variable}\";"),
            )
            + &service("left", &format!("restartIfChanged = false; environment.A = \"{variable}\";"))
            + &service("triggered", &format!("restartTriggers = [ \"{variable}\" ]; stopIfChanged = false;"))
            + &service("described", &format!("description = \"{variable}\";"))
    };
    let host = Host::with(&units("1"));
    let said = host.switch(&units("2"));
    says(&said, "NOT restarting the following changed units: left.service");
    says(&said, "reloading the following units: reloaded.service");
    says(&said, "restarting the following units: restarted.service, triggered.service");
    assert!(!said.stderr.contains("described.service"), "{said}");
}

#[test]
fn what_is_removed_is_stopped_and_gone() {
    let host = Host::with(
        &(service("a", "")
            + "systemd.services.tick = { script = \"true\"; startAt = \"hourly\"; };
               environment.systemPackages = [ pkgs.hello ];
               systemd.tmpfiles.rules = [ \"d /srv/made 0750 nixi users -\" ];"),
    );
    assert_eq!(host.root("systemctl is-active a tick.timer"), "active\nactive");
    assert_eq!(host.root("stat -c '%a %U' /srv/made"), "750 nixi");
    let said = host.switch("");
    says(&said, "stopping the following units: a.service, tick.timer");
    assert_eq!(
        host.root("systemctl show -p LoadState --value a tick.timer tick"),
        "not-found\n\nnot-found\n\nnot-found"
    );
    assert!(!host.holds("command -v hello"));
    // What a rule made stays, as on NixOS.
    assert!(host.holds("test -d /srv/made"));
}

#[test]
fn a_timer_of_its_own_starts_its_service_and_goes_with_it() {
    let host = Host::with(
        "systemd.services.tick = { serviceConfig.Type = \"oneshot\"; path = [ pkgs.hello ]; script = \"hello >/run/ticked\"; };
         systemd.timers.tick = { wantedBy = [ \"timers.target\" ];
           timerConfig = { OnCalendar = \"*-*-* 04:00:00\"; OnActiveSec = \"1s\"; AccuracySec = \"100ms\"; Persistent = true; }; };",
    );
    assert_eq!(host.root("systemctl is-active tick.timer"), "active");
    host.machine().wait_until("tick", || Ok(host.holds("grep Hello /run/ticked"))).unwrap();
    let shown = host.root("systemctl show -p Persistent -p TimersCalendar tick.timer");
    assert!(shown.contains("Persistent=yes") && shown.contains("OnCalendar=*-*-* 04:00:00"), "{shown}");
    host.switch("");
    assert_eq!(host.root("systemctl show -p LoadState --value tick.timer tick"), "not-found\n\nnot-found");
}

#[test]
fn new_units_are_started_and_told() {
    let host = Host::up();
    let said = host.switch(&service("a", ""));
    let line =
        said.stderr.lines().find(|line| line.starts_with("the following new units were started: ")).unwrap();
    assert!(line.contains("a.service"), "{said}");
}

#[test]
fn transient_units_survive_and_failed_states_do_not() {
    let host = Host::up();
    host.root("systemd-run --quiet --unit=guard --on-active=1h true");
    host.try_root("systemd-run --quiet --wait --unit=fails false");
    assert_eq!(host.try_root("systemctl is-failed fails").stdout, "failed\n");
    host.switch("environment.systemPackages = [ pkgs.hello ];");
    assert_eq!(host.root("systemctl is-active guard.timer"), "active");
    assert_ne!(host.try_root("systemctl is-failed fails").stdout, "failed\n");
}

#[test]
fn a_unit_that_was_broken_before_counts_too() {
    let host = Host::up();
    let lines = service("picky", "preStart = \"test ! -e /run/break\";");
    host.switch(&lines);
    host.root("touch /run/break; systemctl stop picky");
    host.try_root("systemctl start picky");
    host.edit(&(lines + "environment.systemPackages = [ pkgs.hello ];"));
    let said = host.rebuild("switch");
    assert!(said.code != 0 && said.stderr.contains("the following units failed: picky.service"), "{said}");
}

#[test]
fn mounts_come_change_and_go() {
    let mount = |options: &str| {
        format!(
            "fileSystems.\"/mnt/a b\" = {{ device = \"tmpfs\"; fsType = \"tmpfs\"; options = [ \"{options}\" ]; }};"
        )
    };
    let host = Host::with(&mount("size=1m"));
    host.root("echo kept >'/mnt/a b/file'");
    host.switch(&mount("size=2m"));
    assert!(host.root("findmnt -no OPTIONS '/mnt/a b'").contains("size=2048k"));
    assert_eq!(host.root("cat '/mnt/a b/file'"), "kept");
    host.switch("");
    assert!(!host.holds("findmnt '/mnt/a b'"));
}
