//! Which commands sudo lets pass.

use crate::host::Host;

const DENIED: &str = "sudo: a password is required";

#[test]
fn a_rule_is_for_the_path_that_it_names() {
    let host = Host::up();
    assert_eq!(host.ssh("sudo -n systemctl is-active sshd").1, "active");
    assert_eq!(host.ssh("sudo -n /run/current-system/sw/bin/systemctl is-active sshd").1, "active");
    for path in ["/usr/bin/systemctl", "$(readlink -f /run/current-system/sw)/bin/systemctl", "mount", "id"] {
        let (code, _, said) = host.ssh(&format!("sudo -n {path} is-active sshd"));
        assert_eq!((code, said.as_str()), (Some(1), DENIED), "{path}");
    }
}

#[test]
fn a_rule_can_be_asked_for_without_running_anything() {
    let host = Host::up();
    assert_eq!(host.ssh("sudo -n -l -- systemctl stop sshd").0, Some(0));
    assert_eq!(host.ssh("sudo -n -l -- id").0, Some(1));
    assert_eq!(host.root("systemctl is-active sshd"), "active");
}

#[test]
fn arguments_of_a_rule_have_to_match() {
    let host = Host::with(
        "security.sudo.extraRules = lib.mkAfter [ {
           users = [ \"guest\" ];
           commands = map (command: { inherit command; options = [ \"NOPASSWD\" ]; })
             [ \"/run/current-system/sw/bin/id -u\" \"/run/current-system/sw/bin/uname \\\"\\\"\" ];
         } ];
         users.users.guest.isNormalUser = true;",
    );
    let guest = |command: &str| host.try_root(&format!("su - guest -c 'sudo -n {command}'")).code;
    assert_eq!((guest("id -u"), guest("id -g"), guest("uname"), guest("uname -a")), (0, 1, 0, 1));
}

#[test]
fn a_rule_that_is_removed_is_gone() {
    let host = Host::with(
        "security.sudo.extraRules = [ { users = [ \"nixi\" ];
           commands = [ { command = \"/run/current-system/sw/bin/id\"; options = [ \"NOPASSWD\" ]; } ]; } ];",
    );
    assert_eq!(host.ssh("sudo -n id -u").1, "0");
    host.switch("");
    assert_eq!(host.ssh("sudo -n id -u").2, DENIED);
    assert_eq!(host.ssh("sudo -n systemctl is-active sshd").1, "active");
}

#[test]
fn the_last_rule_that_matches_decides() {
    let host = Host::with(
        "security.sudo.extraConfig = \"nixi ALL=(ALL:ALL) PASSWD: ALL\";
         security.sudo.wheelNeedsPassword = false;",
    );
    assert_eq!(host.ssh("sudo -n systemctl is-active sshd").2, DENIED);
}

#[test]
fn with_exec_wheel_only_others_cannot_even_start_it() {
    let host = Host::with("security.sudo = { execWheelOnly = true; extraRules = lib.mkForce [ ]; };");
    let (code, _, said) = host.ssh("/run/wrappers/bin/sudo -n true");
    assert_eq!(code, Some(126));
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn rules_that_visudo_refuses_are_not_built() {
    let host = Host::up();
    host.refuses("security.sudo.extraConfig = \"this is no rule\";", "sudoers");
}
