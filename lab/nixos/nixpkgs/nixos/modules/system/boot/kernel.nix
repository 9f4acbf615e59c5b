# The kernel is the host's; its stand-ins let a pending reboot be told by `kernel`, `initrd` and `kernel-modules`.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../../lab pkgs;
  cfg = config.boot;
  standIn =
    name: path: text:
    lab.build {
      inherit name;
      script = ../../lab/program.pl;
      attrs = { inherit path text; };
    };
  version = cfg.kernelPackages.kernel.version;
  inInitrd = cfg.initrd.kernelModules ++ cfg.initrd.availableKernelModules;
  showSysctl = value: if builtins.isBool value then (if value then "1" else "0") else toString value;
  list = mkOption {
    default = [ ];
    type = types.listOf types.str;
  };
in
{
  options.boot = {
    kernelPackages = mkOption {
      type = types.raw;
      default = { kernel.version = "6.6.66"; };
    };
    kernelModules = list;
    kernelParams = list;
    extraModulePackages = mkOption {
      default = [ ];
      type = types.listOf types.package;
    };
    initrd.kernelModules = list;
    initrd.availableKernelModules = list;
    kernel.sysctl = mkOption {
      default = { };
      type = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.str ]));
    };
    tmp.cleanOnBoot = mkOption {
      default = false;
      type = types.bool;
    };
    isContainer = mkOption {
      default = false;
      type = types.bool;
    };
  };

  config = {
    system.build.kernel = standIn "linux-${version}" "/bzImage" "a stand-in for a kernel: ${version} ${toString cfg.kernelParams}\n";
    system.build.kernelModules = standIn "linux-${version}-modules" "/lib/modules/${version}/modules.builtin" "";
    system.build.initrd = standIn "initrd-linux-${version}" "/initrd" "a stand-in for an initrd: ${toString inInitrd}\n";
    environment.etc."sysctl.d/60-nixos.conf".text = lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name}=${showSysctl value}\n") (
        lib.filterAttrs (_: value: value != null) cfg.kernel.sysctl
      )
    );
    environment.etc."modules-load.d/nixos.conf".text = lib.concatStringsSep "\n" cfg.kernelModules + "\n";
  };
}
