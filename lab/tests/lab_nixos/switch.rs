//! switch-to-configuration: its words, its exit codes, and how it fails.

use std::io::Read as _;
use std::process::Stdio;

use crate::host::Host;

/// A start of it has failed before it returns: a switch that looks a moment too early would not see a `simple` one fail.
const BAD: &str = "systemd.services.bad = { wantedBy = [ \"multi-user.target\" ]; script = \"exit 3\"; \
                   serviceConfig.Type = \"oneshot\"; };";

fn switch_to(host: &Host, lines: &str) -> nixi_lab::Said {
    host.edit(lines);
    let path = host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link");
    host.try_root(&format!("{path}/bin/switch-to-configuration test"))
}

#[test]
fn a_unit_that_fails_is_told_and_the_generation_is_new_all_the_same() {
    let host = Host::up();
    host.edit(BAD);
    let said = host.rebuild("switch");
    assert_ne!(said.code, 0, "{said}");
    assert!(said.stderr.contains("warning: the following units failed: bad.service\n"), "{said}");
    assert!(said.stderr.contains("Active: failed (Result: exit-code)"), "{said}");
    assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-2-link");
}

#[test]
fn a_unit_that_fails_ends_the_switch_with_4() {
    let host = Host::up();
    let said = switch_to(&host, BAD);
    assert_eq!(said.code, 4, "{said}");
}

#[test]
fn a_failing_activation_script_ends_the_switch_with_2() {
    let host = Host::up();
    let said = switch_to(&host, "system.activationScripts.oops = \"false\";");
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stderr.contains("Activation script snippet 'oops' failed (1)"), "{said}");
    assert!(host.holds("test $(readlink -f /run/current-system) != $(readlink -f /run/booted-system)"));
}

#[test]
fn usage_and_rights_are_checked_first() {
    let host = Host::up();
    assert_eq!(host.try_root("/run/current-system/bin/switch-to-configuration").code, 1);
    assert_eq!(host.ssh("/run/current-system/bin/switch-to-configuration switch").0, Some(1));
    assert_eq!(host.try_root("/run/current-system/bin/switch-to-configuration check").code, 0);
}

#[test]
fn a_check_before_the_switch_stops_it() {
    let host = Host::up();
    host.root("mkdir -p /etc/nixi-lab; touch /etc/nixi-lab/fail-pre-switch-check");
    let said = host.try_root("/run/current-system/bin/switch-to-configuration test");
    assert!(said.code == 1 && said.stderr.contains("Pre-switch checks failed"), "{said}");
    let said = host.try_root("NIXOS_NO_CHECK=1 /run/current-system/bin/switch-to-configuration test");
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn a_boot_loader_that_cannot_be_installed_ends_the_switch_with_1() {
    let host = Host::up();
    host.root("mkdir -p /boot/loader; rm -rf /boot/loader; touch /boot/loader");
    let said = host.try_root("/run/current-system/bin/switch-to-configuration switch");
    assert_eq!(said.code, 1, "{said}");
}

#[test]
fn an_init_of_another_kind_asks_for_a_reboot() {
    let host = Host::up();
    let said = host.try_root(
        "cp -r --no-preserve=ownership $(readlink -f /run/current-system) /tmp/system && chmod -R u+w /tmp/system
         echo 'systemd 3' >/tmp/system/init-interface-version
         sed -i s,TOPLEVEL=/[^[:blank:]]*,TOPLEVEL=/tmp/system, /tmp/system/bin/switch-to-configuration
         exec /tmp/system/bin/switch-to-configuration test",
    );
    assert_eq!(said.code, 100, "{said}");
}

#[test]
fn a_second_switch_is_refused() {
    let host = Host::up();
    let said = host.try_root(
        "mkdir -p /run/nixos; flock /run/nixos/switch-to-configuration.lock /run/current-system/bin/switch-to-configuration test",
    );
    assert_eq!(said.code, 11, "{said}");
    assert!(said.stderr.contains("Could not acquire lock"), "{said}");
}

/// The client is killed, so the terminal hangs up and nixos-rebuild with it; what it started is a unit. That activates to
/// the end, and panics when it has something to say.
#[test]
fn a_switch_goes_on_when_the_connection_is_lost() {
    let host = Host::up();
    let lines =
        "system.activationScripts.wait = \"touch /run/begun; until [ -e /run/go-on ]; do sleep 0.1; done\";
        systemd.services.later = { wantedBy = [ \"multi-user.target\" ]; script = \"exec sleep 999\"; };";
    host.edit(lines);
    let mut ssh = host.ssh_command("nixi", &["-tt"], "nixos-rebuild switch --sudo");
    let mut ssh = ssh.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    host.machine().wait_until("begin to activate", || Ok(host.holds("test -e /run/begun"))).unwrap();
    assert!(host.holds("pgrep -x nixos-rebuild"));
    ssh.kill().unwrap();
    ssh.wait().unwrap();
    let gone = "! pgrep -x nixos-rebuild && ! pgrep -x systemd-run";
    host.machine().wait_until("hang up", || Ok(host.holds(gone))).unwrap();
    let unit = "nixos-rebuild-switch-to-configuration";
    assert_eq!(host.root(&format!("systemctl is-active {unit}")), "active");

    host.root("touch /run/go-on");
    let ended = format!("! systemctl is-active --quiet {unit}");
    host.machine().wait_until("end the switch", || Ok(host.holds(&ended))).unwrap();
    let link = host.root("readlink -f /run/current-system");
    assert_eq!(link, host.root("readlink -f /nix/var/nix/profiles/system"));
    assert_ne!(link, host.root("readlink -f /run/booted-system"));
    assert!(host.root(&format!("journalctl -u {unit} -o cat")).contains("status=101"));
    assert_eq!(host.try_root("systemctl is-active later").stdout, "inactive\n");
    host.switch(lines);
    assert_eq!(host.root("systemctl is-active later"), "active");
}

#[test]
fn a_switch_panics_when_nobody_reads_what_it_says() {
    let host = Host::up();
    let script = "exec /run/current-system/bin/switch-to-configuration test 2>&1 >/dev/null | true";
    let said = host.try_root(&format!("bash -c '{{ {script}; }}; exit ${{PIPESTATUS[0]}}'"));
    assert_eq!(said.code, 101, "{said}");
}

#[test]
fn a_panic_leaves_half_of_the_units_stopped_and_the_next_switch_starts_them() {
    let service = |name: &str, variable: u8| {
        format!(
            "systemd.services.{name} = {{ wantedBy = [ \"multi-user.target\" ]; script = \"exec sleep 999\";
               environment.A = \"{variable}\"; }};"
        )
    };
    let both = |variable| service("a", variable) + &service("b", variable);
    let host = Host::with(&both(1));
    host.root("mkdir -p /etc/nixi-lab; touch /etc/nixi-lab/panic-on-switch");
    let said = switch_to(&host, &both(2));
    assert_eq!(said.code, 101, "{said}");
    assert_eq!(host.try_root("systemctl is-active a b").stdout, "inactive\nactive\n");
    host.root("rm /etc/nixi-lab/panic-on-switch");
    host.switch(&both(2));
    assert_eq!(host.root("systemctl is-active a b"), "active\nactive");
}

#[test]
fn the_unit_of_a_switch_has_its_output_on_the_pipe() {
    let host = Host::up();
    host.edit("system.activationScripts.say = \"echo said by the activation\";");
    let mut shell = host.machine().shell("cd /tmp; exec nixos-rebuild switch 2>&1").unwrap();
    let mut rebuild = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    rebuild.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(rebuild.wait().unwrap().success(), "{said}");
    assert!(said.contains("said by the activation"), "{said}");
}
