# A small machine, and a module on top of it as if it were /etc/nixos/nixi.nix.
let
  base = {
    networking.hostName = "web";
    boot.loader.grub.enable = false;
    fileSystems."/" = {
      device = "/dev/disk/by-label/nixos";
      fsType = "ext4";
    };
    users.users.root.hashedPassword = "!";
    system.stateVersion = "25.05";
  };
in
rec {
  evaluate =
    module:
    import <nixpkgs/nixos/lib/eval-config.nix> {
      modules = [
        base
        {
          _file = "/etc/nixos/nixi.nix";
          imports = [ module ];
        }
      ];
    };
  config = module: (evaluate module).config;
  system = module: (config module).system.build.toplevel.drvPath;
}
