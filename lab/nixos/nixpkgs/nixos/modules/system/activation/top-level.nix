# The system derivation: everything a generation consists of.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../../lab pkgs;

in
{
  options = {
    system.build = mkOption {
      internal = true;
      default = { };
      type = types.lazyAttrsOf types.raw;
    };

    system.name = mkOption {
      type = types.str;
      default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
    };

  };

  config.system.build.toplevel = lib.asserts.checkAssertWarn config.assertions config.warnings (lab.build {
    name = "nixos-system-${config.system.name}-${config.system.nixos.label}";
    script = ./top-level.pl;
    attrs = {
      inherit (config.system.build) etc activate specialisations;
      sw = config.system.path;
      version = config.system.nixos.label;
      configurationName = config.boot.loader.grub.configurationName;
      kernel = config.system.build.kernel;
      initrd = config.system.build.initrd;
      kernelModules = config.system.build.kernelModules;
      revision = config.system.configurationRevision;
      installBootLoader = config.system.build.installBootLoader;
      init = ./init.sh;
      switch = ./switch;
      shell = pkgs.runtimeShell;
    };
  });
}
