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
      default = [ pkgs.perl ];
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
    # Of what NixOS always has, the lab lacks mkpasswd, nano and zstd.
    environment.systemPackages = [
      pkgs.bash
      pkgs.bzip2
      pkgs.coreutils
      pkgs.curl
      pkgs.dbus
      pkgs.diffutils
      pkgs.e2fsprogs
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
      pkgs.libcap
      pkgs.ncurses
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
    ]
    ++ config.environment.defaultPackages;

    # As on NixOS (nixos/modules/config/nix-channel.nix), nobody finds nix-channel where channels are off.
    system.path = (import ../lab pkgs).joined "system-path" config.environment.systemPackages (
      lib.optional (!config.nix.channel.enable) "/bin/nix-channel"
    );
  };
}
