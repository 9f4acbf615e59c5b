{
  description = "Virtual machines with the real NixOS, to try Nixi on";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs =
    { self, nixpkgs }:
    let
      # Name, mode and port are those of config.toml.
      machines = {
        web-server = {
          mode = "managed";
          port = 2201;
        };
        db-server = {
          mode = "managed";
          port = 2202;
        };
        monitoring = {
          mode = "monitored";
          port = 2203;
        };
      };

      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];

      # For machines like the one that runs them.
      vm =
        system: name: machine:
        (nixpkgs.lib.nixosSystem {
          inherit system;
          modules = [
            ./machine.nix
            ./modes/${machine.mode}.nix
            {
              networking.hostName = name;
              nixi-test-vm.port = machine.port;
            }
          ];
        }).config.system.build.vm;

      # Starts a machine with its disk, and a key that opens it, in ~/.nixi-test-vm.
      start =
        system: name: machine:
        nixpkgs.legacyPackages.${system}.writeShellApplication {
          name = "vm-${name}";
          runtimeInputs = [ nixpkgs.legacyPackages.${system}.openssh ];
          text = ''
            state="$HOME/.nixi-test-vm"
            mkdir -p -m 0700 "$state" "$state/shared"
            [ -e "$state/id_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -C nixi-test-vm -f "$state/id_ed25519"
            cp "$state/id_ed25519.pub" "$state/shared/nixi.pub"
            export SHARED_DIR="$state/shared" NIX_DISK_IMAGE="$state/${name}.qcow2"
            exec ${vm system name machine}/bin/run-${name}-vm
          '';
        };

      each = nixpkgs.lib.genAttrs systems;
    in
    {
      packages = each (
        system:
        nixpkgs.lib.mapAttrs' (name: machine: {
          name = "vm-${name}";
          value = start system name machine;
        }) machines
      );

      apps = each (
        system:
        builtins.mapAttrs (name: package: {
          type = "app";
          program = "${package}/bin/${name}";
        }) self.packages.${system}
      );
    };
}
