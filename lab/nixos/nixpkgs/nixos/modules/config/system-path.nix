# environment.systemPackages, and what /run/current-system/sw holds.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  packages = mkOption {
    default = [ ];
    type = types.listOf types.package;
  };
in
{
  options = {
    environment.systemPackages = packages;
    environment.defaultPackages = packages // {
      description = "What is there unless somebody removes it.";
      default = [ pkgs.perl pkgs.rsync pkgs.strace ];
    };
    system.path = mkOption {
      internal = true;
      type = types.package;
    };
    system.unitPath = packages // {
      internal = true;
      description = "The few packages that every service finds.";
      default = [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused pkgs.systemd ];
    };
  };

  config = {
    environment.systemPackages = [
      pkgs.bash
      pkgs.coreutils
      pkgs.curl
      pkgs.diffutils
      pkgs.findutils
      pkgs.gawk
      pkgs.getent
      pkgs.gnugrep
      pkgs.gnused
      pkgs.gnutar
      pkgs.gzip
      pkgs.iproute2
      pkgs.iputils
      pkgs.less
      pkgs.mkpasswd
      pkgs.nano
      pkgs.netcat
      pkgs.nettools
      pkgs.nix
      pkgs.nixos-rebuild
      pkgs.nixos-version
      pkgs.openssh
      pkgs.procps
      pkgs.shadow
      pkgs.sudo
      pkgs.systemd
      pkgs.util-linux
      pkgs.xz
      pkgs.zstd
    ]
    ++ config.environment.defaultPackages;

    system.path = (import ../lab pkgs).joined "system-path" config.environment.systemPackages;
  };
}
