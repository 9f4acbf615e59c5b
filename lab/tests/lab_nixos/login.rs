//! What a command over SSH finds.

use crate::host::Host;

#[test]
fn path_names_the_wrappers_and_the_profiles_whatever_the_shell() {
    let host = Host::up();
    let (_, path, _) = host.ssh("echo $PATH");
    assert_eq!(
        path,
        "/run/wrappers/bin:/home/nixi/.nix-profile/bin:/home/nixi/.local/state/nix/profile/bin:\
         /etc/profiles/per-user/nixi/bin:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin"
    );
    host.switch("users.users.nixi.shell = \"/bin/sh\";");
    assert_eq!(host.ssh("echo $PATH").1, path);
}

#[test]
fn programs_lie_where_nixos_has_them() {
    let host = Host::up();
    let found = host.ssh("command -v systemctl ls ip nix podman sudo mount su").1;
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "/run/current-system/sw/bin/systemctl",
            "/run/current-system/sw/bin/ls",
            "/run/current-system/sw/bin/ip",
            "/run/current-system/sw/bin/nix",
            "/run/current-system/sw/bin/podman",
            "/run/wrappers/bin/sudo",
            "/run/wrappers/bin/mount",
            "/run/wrappers/bin/su",
        ]
    );
    assert_eq!(host.ssh("command -v git jq apt").0, Some(1));
}

#[test]
fn it_says_that_it_is_nixos() {
    let host = Host::up();
    assert!(host.ssh("cat /etc/os-release").1.lines().any(|line| line == "ID=nixos"));
    assert_eq!(host.ssh("test -e /etc/NIXOS").0, Some(0));
    assert_eq!(host.ssh("nixos-version").1, "25.05.lab (Warbler)");
    assert_eq!(host.ssh("nixos-version --json").1, "{\"nixosVersion\":\"25.05.lab\"}");
}

#[test]
fn only_copies_in_the_wrappers_are_setuid() {
    let host = Host::up();
    let (code, _, said) = host.ssh("/run/current-system/sw/bin/sudo -n true");
    assert_eq!(code, Some(1));
    assert!(said.contains("must be owned by uid 0 and have the setuid bit set"), "{said}");
    assert_eq!(host.root("find /usr/bin /usr/sbin /nix/store -perm /6000 -type f"), "");
    assert_eq!(host.root("stat -c %a:%U /run/wrappers/bin/sudo"), "4511:root");
}

#[test]
fn the_store_is_read_only_but_for_nix() {
    let host = Host::up();
    let said = host.try_root("touch /nix/store/x");
    assert!(said.stderr.contains("Read-only file system"), "{said}");
    host.root("nix-build '<nixpkgs>' -A hello --no-out-link");
}

#[test]
fn users_without_privileges_build_by_way_of_the_daemon() {
    let host = Host::up();
    let (code, path, said) = host.ssh("nix-build '<nixpkgs>' -A hello --no-out-link");
    assert_eq!(code, Some(0), "{said}");
    assert!(path.starts_with("/nix/store/"), "{path}");
}

#[test]
fn a_unit_finds_only_its_path_and_a_few_basics() {
    let host = Host::with(
        "systemd.services.look = { serviceConfig.Type = \"oneshot\"; path = [ pkgs.hello ];
           script = \"hello; command -v grep; command -v podman || echo none\"; };",
    );
    host.root("systemctl start look");
    let said = host.root("journalctl -u look -o cat");
    assert!(said.contains("Hello, world!") && said.contains("-gnugrep-") && said.contains("none"), "{said}");
}
