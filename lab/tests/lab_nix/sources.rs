//! Which configuration a rebuild reads.

use crate::host::Host;

/// A configuration as the lab's own, but for a mark in /etc.
fn marked(mark: &str) -> String {
    format!("{{ imports = [ /etc/nixos/configuration.nix ]; environment.etc.mark.text = \"{mark}\"; }}\n")
}

/// A flake that takes its modules from where they are told to be.
fn flake(modules: &str) -> String {
    format!(
        "{{
           inputs.nixpkgs.url = \"nixpkgs\";
           outputs = {{ nixpkgs, ... }}: {{
             nixosConfigurations.web = nixpkgs.lib.nixosSystem {{
               modules = [ {{ nixpkgs.hostPlatform = \"x86_64-linux\"; environment.etc.mark.text = \"flake\"; }} {modules} ];
             }};
           }};
         }}\n"
    )
}

/// The mark of what is built by this command with these arguments.
#[track_caller]
fn mark(host: &Host, environment: &str, flags: &str) -> String {
    host.root(&format!(
        "cd /root; rm -f result; {environment} nixos-rebuild build {flags} >/dev/null && cat result/etc/mark"
    ))
}

fn refused(host: &Host, environment: &str, flags: &str) -> String {
    let said = host.try_root(&format!("cd /root; {environment} nixos-rebuild build {flags}"));
    assert_ne!(said.code, 0, "{said}");
    said.stderr
}

#[test]
fn without_a_flake_the_search_path_names_the_configuration() {
    let host = Host::up();
    for name in ["variable", "flag", "path", "file"] {
        host.machine().write(&format!("/srv/{name}.nix"), &marked(name)).unwrap();
    }
    let by_file = "{ inner = import <nixpkgs/nixos> { configuration = /srv/file.nix; }; }\n";
    host.machine().write("/srv/default.nix", by_file).unwrap();

    assert_eq!(mark(&host, "NIXOS_CONFIG=/srv/variable.nix", "-I nixos-config=/srv/flag.nix"), "variable");
    assert_eq!(mark(&host, "", "-I nixos-config=/srv/flag.nix"), "flag");
    assert_eq!(mark(&host, "NIX_PATH=nixos-config=/srv/path.nix:$NIX_PATH", ""), "path");
    assert_eq!(mark(&host, "", "--file /srv --attr inner"), "file");
    // These two switch a flake off; the search path does not.
    host.machine().write("/etc/nixos/flake.nix", &flake("./configuration.nix")).unwrap();
    assert_eq!(mark(&host, "", "--file /srv --attr inner"), "file");
    assert_eq!(mark(&host, "", "--no-flake -I nixos-config=/srv/flag.nix"), "flag");
    assert_eq!(mark(&host, "", "-I nixos-config=/srv/flag.nix"), "flake");
}

#[test]
fn a_link_in_etc_leads_to_the_flake_beside_its_target() {
    let host = Host::up();
    host.machine()
        .write("/srv/flake.nix", &flake("./configuration.nix ./hardware-configuration.nix"))
        .unwrap();
    host.root("cp /etc/nixos/*.nix /srv; ln -s /srv/flake.nix /etc/nixos/flake.nix");
    assert_eq!(mark(&host, "", ""), "flake");
    assert!(host.holds("test -e /srv/flake.lock && test ! -e /etc/nixos/flake.lock"));
    // Its own folder, by a relative reference.
    host.root("rm /etc/nixos/flake.nix");
    let said = host.root("cd /srv; nixos-rebuild build --flake . >/dev/null; cat result/etc/mark");
    assert_eq!(said, "flake");
}

#[test]
fn a_flake_reads_nothing_outside_its_tree_and_lays_all_of_it_open() {
    let host = Host::up();
    host.machine().write("/srv/flake.nix", &flake("/etc/nixos/configuration.nix")).unwrap();
    let said = refused(&host, "", "--flake /srv");
    assert!(
        said.contains(
            "access to absolute path '/etc/nixos/configuration.nix' is forbidden in pure eval mode"
        ),
        "{said}"
    );
    assert_eq!(mark(&host, "", "--flake /srv --impure"), "flake");

    host.root("install -m 600 /dev/null /srv/password; echo open-sesame >/srv/password");
    host.root("cd /root; nixos-rebuild build --flake /srv --impure");
    assert_eq!(host.ssh("cat /nix/store/*-source/password").1, "open-sesame");
}

/// Nix 2.8 asks nobody who owns a folder; what came with 2.20 refuses it.
#[test]
fn a_flake_that_a_user_owns_is_read_without_a_question() {
    let host = Host::up();
    host.machine().write("/etc/nixos/flake.nix", &flake("./configuration.nix")).unwrap();
    host.root("chown -R nixi /etc/nixos");
    assert_eq!(mark(&host, "", ""), "flake");
    assert_eq!(host.root("stat -c %U /etc/nixos/flake.lock"), "root");
}

#[test]
fn a_flake_in_a_repository_needs_git() {
    let host = Host::up();
    host.machine().write("/etc/nixos/flake.nix", &flake("./configuration.nix")).unwrap();
    assert_eq!(mark(&host, "", ""), "flake");
    host.root("mkdir /etc/nixos/.git");
    let said = refused(&host, "", "");
    assert!(said.contains("executing 'git': No such file or directory"), "{said}");
    // As a plain folder it is read all the same.
    assert_eq!(mark(&host, "", "--flake path:/etc/nixos"), "flake");
}

#[test]
fn without_channels_a_rebuild_needs_a_flake() {
    let host = Host::up();
    host.machine().write("/srv/flake.nix", &flake("./configuration.nix")).unwrap();
    host.edit("nix.channel.enable = false;");
    // The lock file is written by whoever builds.
    host.root("cp /etc/nixos/*.nix /srv; chown nixi /srv; cd /root; nixos-rebuild switch");
    assert!(host.holds("test ! -e /run/current-system/sw/bin/nix-channel"));
    let (code, _, said) = host.ssh("nixos-rebuild build");
    let words = "file 'nixpkgs/nixos' was not found in the Nix search path";
    assert!(code == Some(1) && said.contains(words), "{said}");
    let (code, built, said) = host.ssh("nixos-rebuild build --flake path:/srv");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(host.root(&format!("cat {built}/etc/mark")), "flake");
}
