//! nixos-rebuild: building, generations, going back.

use crate::host::Host;

const HELLO: &str = "environment.systemPackages = [ pkgs.hello ];";

#[test]
fn a_switch_makes_a_generation_and_a_rollback_goes_back() {
    let host = Host::up();
    let first = host.root("readlink -f /run/current-system");
    host.switch(HELLO);
    assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-2-link");
    assert_eq!(
        host.root("readlink -f /nix/var/nix/profiles/system"),
        host.root("readlink -f /run/current-system")
    );
    let listed = host.root("nixos-rebuild list-generations");
    assert!(
        listed.lines().nth(1).is_some_and(|line| line.starts_with('2') && line.ends_with("True")),
        "{listed}"
    );

    let said = host.rebuild("switch --rollback");
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-1-link");
    assert_eq!(host.root("readlink -f /run/current-system"), first);
    assert!(!host.holds("command -v hello"));
}

#[test]
fn a_built_system_can_be_made_a_generation_and_activated_by_its_path() {
    let host = Host::up();
    host.edit(HELLO);
    host.root(
        "path=$(nix-build '<nixpkgs/nixos>' -A system --no-out-link)
         nix-env -p /nix/var/nix/profiles/system --set $path && $path/bin/switch-to-configuration switch",
    );
    assert!(host.holds("hello"));
    assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-2-link");
}

/// As after a deployment from elsewhere: what /etc/nixos says is another system, and the next rebuild brings that.
#[test]
fn the_configuration_on_the_machine_need_not_be_what_runs() {
    let host = Host::up();
    let before = host.root("readlink -f /run/current-system");
    let elsewhere =
        "{ imports = [ /etc/nixos/configuration.nix ]; environment.etc.mark.text = \"elsewhere\"; }";
    host.machine().write("/srv/elsewhere.nix", elsewhere).unwrap();
    host.root(
        "path=$(nix-build '<nixpkgs/nixos>' -I nixos-config=/srv/elsewhere.nix -A system --no-out-link)
         nix-env -p /nix/var/nix/profiles/system --set $path && $path/bin/switch-to-configuration switch",
    );
    assert_eq!(host.root("cat /etc/mark"), "elsewhere");
    let built = host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link");
    assert_eq!(built, before);
    assert_ne!(built, host.root("readlink -f /run/current-system"));
    assert_eq!(host.rebuild("switch").code, 0);
    assert!(!host.holds("test -e /etc/mark"));

    host.root("rm -r /etc/nixos");
    let said = host.rebuild("build");
    assert!(said.code != 0 && said.stderr.contains("/etc/nixos/configuration.nix"), "{said}");
}

#[test]
fn a_dry_activation_tells_what_would_be_done_and_does_nothing() {
    let host =
        Host::with("systemd.services.a = { wantedBy = [ \"multi-user.target\" ]; script = \"sleep 999\"; };");
    host.edit("networking.firewall.allowedTCPPorts = [ 80 ];");
    let said = host.rebuild("dry-activate");
    assert_eq!(said.code, 0, "{said}");
    for line in [
        "would stop the following units: a.service",
        "would activate the configuration...",
        "would reload the following units: firewall.service",
    ] {
        assert!(said.stderr.lines().any(|other| other == line), "{line}: {said}");
    }
    assert_eq!(host.root("systemctl is-active a"), "active");
    assert_eq!(host.root("readlink /nix/var/nix/profiles/system"), "system-2-link");
}

#[test]
fn building_changes_nothing() {
    let host = Host::up();
    let system = host.root("readlink -f /run/current-system");
    host.edit(HELLO);
    let said = host.rebuild("dry-build");
    let told =
        said.stderr.contains("will be built:") && said.stderr.contains("-nixos-system-web-25.05.lab.drv");
    assert!(said.code == 0 && told, "{said}");
    assert!(!host.holds("test -e /tmp/result"));
    let said = host.rebuild("build");
    assert_eq!(said.code, 0, "{said}");
    assert!(host.holds("test -x /tmp/result/sw/bin/hello && ! command -v hello"));
    // What is built already need not be built.
    assert!(!host.rebuild("dry-build").stderr.contains("will be built:"));
    assert_eq!(
        host.root("readlink -f /run/current-system /nix/var/nix/profiles/system"),
        format!("{system}\n{system}")
    );
}

#[test]
fn collected_garbage_leaves_what_runs() {
    let host = Host::up();
    let first = host.root("readlink -f /run/current-system");
    host.switch(HELLO);
    host.root("nix-collect-garbage -d");
    assert!(host.holds("hello"));
    // It was booted, which holds it as well.
    assert!(host.holds(&format!("test -e {first}")));
    host.machine().reboot().unwrap();
    host.root("nix-collect-garbage -d");
    assert!(!host.holds(&format!("test -e {first}")));
}

#[test]
fn a_specialisation_is_built_with_the_system_and_switched_to_by_name() {
    let host = Host::with(&format!("specialisation.more.configuration = {{ {HELLO} }};"));
    assert!(!host.holds("command -v hello"));
    let said = host.rebuild("test --specialisation more");
    assert_eq!(said.code, 0, "{said}");
    assert!(host.holds("hello"));
    assert_eq!(host.root("ls /nix/var/nix/profiles/system/specialisation"), "more");
}
