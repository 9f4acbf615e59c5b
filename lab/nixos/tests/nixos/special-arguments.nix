(import <nixpkgs/nixos/lib/eval-config.nix> {
  specialArgs.name = "special";
  modules = [ ({ name, modulesPath, utils, ... }: { networking.hostName = name; environment.etc.x.text = utils.escapeSystemdPath "/a/b"; }) ];
}).config.environment.etc.x.text
