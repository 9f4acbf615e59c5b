# boot.loader: the loaders' options, and a boot loader that writes down what it would boot.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  string = default: mkOption {
    inherit default;
    type = types.str;
  };
  limit = mkOption {
    default = null;
    type = types.nullOr types.int;
  };
in
{
  options.boot.loader = {
    systemd-boot = {
      enable = flag false;
      configurationLimit = limit;
      editor = flag true;
      consoleMode = string "keep";
    };
    grub = {
      enable = flag false;
      device = string "";
      devices = mkOption {
        default = [ ];
        type = types.listOf types.str;
      };
      configurationLimit = limit;
      configurationName = string "";
      efiSupport = flag false;
      useOSProber = flag false;
    };
    efi = {
      canTouchEfiVariables = flag false;
      efiSysMountPoint = string "/boot";
    };
    generic-extlinux-compatible.enable = flag false;
    timeout = mkOption {
      default = 5;
      type = types.nullOr types.int;
    };
  };

  config.system.build.installBootLoader = "${(import ../../lab pkgs).script "install-lab-boot-loader" (
    builtins.readFile ./install-boot-loader.sh
  )}";
}
