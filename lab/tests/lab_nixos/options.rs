//! Configurations that are refused, and modules that change more than one thing.

use crate::host::Host;

#[test]
fn unknown_options_and_wrong_types_name_their_file_and_change_nothing() {
    let host = Host::up();
    host.refuses(
        "services.nosuch.enable = true;",
        "The option `services.nosuch' does not exist. Definition values:",
    );
    host.refuses(
        "services.openssh.enable = 1;",
        "A definition for option `services.openssh.enable' is not of type `boolean'. Definition values:",
    );
    host.refuses(
        "networking.hostName = \"other\";",
        "The option `networking.hostName' has conflicting definition values:",
    );
    host.refuses("a = ;", "syntax error, unexpected ';'");
    host.edit("services.openssh.enable = 1;");
    assert!(host.rebuild("build").stderr.contains("- In `/etc/nixos/more.nix': 1"));
}

#[test]
fn assertions_stop_a_build() {
    let host = Host::up();
    host.refuses(
        "virtualisation.docker.enable = true; virtualisation.podman.dockerCompat = true;",
        "- Option dockerCompat conflicts with docker",
    );
    host.refuses(
        "users.users.x = { group = \"users\"; };",
        "- Exactly one of users.users.x.isSystemUser and users.users.x.isNormalUser must be set.",
    );
    host.refuses("users.users.x = { isNormalUser = true; shell = pkgs.fish; };", "programs.fish.enable");
    host.refuses(
        "services.xserver.videoDrivers = [ \"nvidia\" ]; nixpkgs.config.allowUnfree = true;",
        "hardware.nvidia.open",
    );
}

/// Nothing follows from them: no machine has a GPU.
#[test]
fn options_of_drivers_are_checked() {
    let host = Host::up();
    let nvidia = "services.xserver.videoDrivers = [ \"nvidia\" ]; hardware.graphics.enable = true;
        hardware.nvidia.open = true; hardware.nvidia-container-toolkit.enable = true;";
    host.refuses(nvidia, "nixpkgs.config.allowUnfree");
    host.switch(&format!("{nvidia} nixpkgs.config.allowUnfree = true;"));
    host.switch("hardware.graphics.enable = true; hardware.amdgpu.opencl.enable = true;");
    host.refuses("hardware.amdgpu.opencl.enable = 1;", "is not of type `boolean'");
}

#[test]
fn warnings_do_not() {
    let host = Host::up();
    let said = host.switch("warnings = [ \"take care\" ];");
    assert!(said.stderr.lines().any(|line| line == "evaluation warning: take care"), "{said}");
}

#[test]
fn docker_may_be_podman() {
    let host = Host::with("virtualisation.podman.dockerCompat = true;");
    assert!(host.root("docker version").contains("Podman Engine"));
    host.switch("");
    assert!(!host.holds("command -v docker"));
}

#[test]
fn dns_of_podman_opens_its_port_on_the_default_network_only() {
    let host = Host::up();
    let rules = host.root("/usr/sbin/iptables -S nixos-fw");
    assert!(
        rules.contains("-i podman0 -p udp -m udp --dport 53") && rules.matches("--dport 53").count() == 1,
        "{rules}"
    );
}

#[test]
fn podman_goes_with_all_that_it_brought() {
    let host = Host::up();
    let brought = "command -v podman && test -e /etc/containers/policy.json && test -e /etc/containers/networks/podman.json";
    assert!(host.holds(brought));
    host.switch("virtualisation.podman.enable = lib.mkForce false;");
    assert!(!host.holds("command -v podman"));
    assert_eq!(host.root("find /etc/containers ! -type d"), "");
    assert!(!host.root("/usr/sbin/iptables -S nixos-fw").contains("podman0"));
    host.switch("");
    assert!(host.holds(brought));
}

#[test]
fn supported_file_systems_bring_their_helpers() {
    let host = Host::up();
    assert!(!host.holds("command -v mount.cifs"));
    host.switch("boot.supportedFilesystems = [ \"nfs\" \"cifs\" ];");
    assert!(host.holds("command -v mount.cifs && command -v mount.nfs"));
    host.switch("boot.supportedFilesystems = { cifs = true; nfs = lib.mkForce false; };");
    assert!(host.holds("command -v mount.cifs") && !host.holds("command -v mount.nfs"));
}

#[test]
fn tmpfiles_may_be_settings() {
    let host = Host::with(
        "systemd.tmpfiles.settings.mine.\"/srv/x\".d = { mode = \"0711\"; user = \"nixi\"; group = \"users\"; };",
    );
    assert_eq!(host.root("stat -c '%a %U:%G' /srv/x"), "711 nixi:users");
}

#[test]
fn the_host_name_changes_with_a_switch() {
    let host = Host::with("networking.hostName = lib.mkForce \"renamed\";");
    assert_eq!(host.root("uname -n; cat /etc/hostname"), "renamed\nrenamed");
    host.switch("");
    assert_eq!(host.root("uname -n; cat /etc/hostname"), "web\nweb");
}

#[test]
fn without_channels_nothing_is_on_the_search_path() {
    let host = Host::up();
    assert_eq!(
        host.ssh("nix-instantiate --eval '<nixpkgs/nixos>' -A config.networking.hostName").1,
        "\"web\""
    );
    host.switch("nix.channel.enable = false;");
    assert_eq!(host.ssh("echo \"$NIX_PATH\"").1, "");
}
