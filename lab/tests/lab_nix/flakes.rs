//! A flake in /etc/nixos.

use nixi_lab::{Lab, Machine};

/// As a person would write it here, where there is nothing but the channel to be its input.
const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "path:@nixpkgs@";
  outputs = { nixpkgs, ... }: {
    nixosConfigurations.web = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix { environment.etc."from-the-flake".text = "yes"; } ];
    };
  };
}
"#;

fn refused(machine: &Machine, command: &str) -> String {
    let said = machine.try_root(command).unwrap();
    assert_ne!(said.code, 0, "{command}: {said}");
    said.stderr
}

#[test]
fn a_flake_comes_before_the_configuration_and_its_attribute_is_the_host_name() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let nixpkgs = web.root("readlink -f /nix/var/nix/profiles/per-user/root/channels/nixos").unwrap();
    web.write("/etc/nixos/flake.nix", &FLAKE.replace("@nixpkgs@", &nixpkgs)).unwrap();
    web.root("nixos-rebuild switch").unwrap();
    assert_eq!(web.root("cat /etc/from-the-flake").unwrap(), "yes");
    web.root("nixos-rebuild switch --no-flake && test ! -e /etc/from-the-flake").unwrap();
    web.root("nixos-rebuild switch --flake /etc/nixos#web && test -e /etc/from-the-flake").unwrap();

    let built = "nix --extra-experimental-features 'nix-command flakes' build --no-link --print-out-paths /etc/nixos#nixosConfigurations.web.config.system.build.toplevel";
    assert_eq!(web.root(built).unwrap(), web.root("readlink -f /run/current-system").unwrap());

    // The attribute is looked for under the name that the kernel has.
    assert!(
        refused(web, "nixos-rebuild build --flake /etc/nixos#other")
            .contains("nixosConfigurations.\"other\"")
    );
    web.root("sed -i 's/hostName = \"web\"/hostName = \"renamed\"/' /etc/nixos/configuration.nix").unwrap();
    web.root("nixos-rebuild switch").unwrap();
    assert!(refused(web, "nixos-rebuild build").contains("nixosConfigurations.\"renamed\""));
}
