# nix.settings, nix.channel, nix.gc, and the daemon through which users without privileges use the store.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nix;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  show = value: if builtins.isBool value then (if value then "true" else "false") else toString value;
in
{
  options.nix = {
    enable = flag true;
    channel.enable = flag true;
    nixPath = mkOption {
      default = lib.optionals cfg.channel.enable [
        "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos"
        "nixos-config=/etc/nixos/configuration.nix"
        "/nix/var/nix/profiles/per-user/root/channels"
      ];
      type = types.listOf types.str;
    };
    extraOptions = mkOption {
      default = "";
      type = types.lines;
    };
    settings = mkOption {
      default = { };
      type = types.attrsOf (types.oneOf [ types.bool types.int types.str (types.listOf types.str) ]);
    };
    gc = {
      automatic = flag false;
      dates = mkOption {
        default = "03:15";
        type = types.str;
      };
      options = mkOption {
        default = "";
        type = types.str;
      };
    };
  };

  config = lib.mkIf cfg.enable {
    # Nothing is sandboxed inside a container, and there is nowhere to download from.
    nix.settings = {
      sandbox = lib.mkDefault false;
      build-users-group = lib.mkDefault "";
      substituters = lib.mkDefault [ ];
      experimental-features = lib.mkDefault [ ];
      trusted-users = [ "root" ];
      allowed-users = [ "*" ];
    };
    environment.etc."nix/nix.conf".text =
      lib.concatStrings (lib.mapAttrsToList (name: value: "${name} = ${show value}\n") cfg.settings) + cfg.extraOptions;

    systemd.sockets.nix-daemon = {
      description = "Nix Daemon Socket";
      wantedBy = [ "sockets.target" ];
      before = [ "multi-user.target" ];
      unitConfig.RequiresMountsFor = "/nix/store";
      listenStreams = [ "/nix/var/nix/daemon-socket/socket" ];
    };
    systemd.services.nix-daemon = {
      description = "Nix Daemon";
      path = [ pkgs.nix ];
      restartTriggers = [ config.environment.etc."nix/nix.conf".text ];
      serviceConfig = {
        ExecStart = "/usr/bin/nix-daemon --daemon";
        KillMode = "process";
      };
    };
    systemd.services.nix-gc = {
      description = "Nix Garbage Collector";
      startAt = lib.optional cfg.gc.automatic cfg.gc.dates;
      script = "exec nix-collect-garbage ${cfg.gc.options}";
      path = [ pkgs.nix ];
      serviceConfig.Type = "oneshot";
    };
  };
}
