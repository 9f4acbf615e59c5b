# virtualisation.docker. The engine comes with a variant of the tree; elsewhere its package is not built.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption types;
  cfg = config.virtualisation.docker;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  text = default: mkOption {
    inherit default;
    type = types.str;
  };
  daemonFile = builtins.toFile "daemon.json" (builtins.toJSON cfg.daemon.settings);
in
{
  options.virtualisation.docker = {
    enable = flag false;
    enableOnBoot = flag true;
    logDriver = text "journald";
    extraOptions = text "";
    listenOptions = mkOption {
      default = [ "/run/docker.sock" ];
      type = types.listOf types.str;
    };
    autoPrune = {
      enable = flag false;
      dates = text "weekly";
      flags = mkOption {
        default = [ ];
        type = types.listOf types.str;
      };
    };
    daemon.settings = mkOption {
      default = { };
      type = types.submodule { freeformType = types.attrsOf types.anything; };
    };
  };

  config = lib.mkIf cfg.enable {
    users.groups.docker.gid = 131;
    environment.systemPackages = [ pkgs.docker ];
    virtualisation.docker.daemon.settings = {
      group = mkDefault "docker";
      hosts = [ "fd://" ];
      log-driver = mkDefault cfg.logDriver;
    };

    systemd.sockets.docker = {
      description = "Docker Socket for the API";
      wantedBy = [ "sockets.target" ];
      listenStreams = cfg.listenOptions;
      socketConfig = {
        SocketMode = "0660";
        SocketUser = "root";
        SocketGroup = "docker";
      };
    };
    systemd.services.docker = {
      description = "Docker Application Container Engine";
      wantedBy = lib.optional cfg.enableOnBoot "multi-user.target";
      after = [ "network.target" "docker.socket" ];
      requires = [ "docker.socket" ];
      # containerd, runc and iptables are Debian's.
      environment.PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
      serviceConfig = {
        Type = "notify";
        ExecStart = "${pkgs.docker}/bin/dockerd --config-file=${daemonFile} ${cfg.extraOptions}";
        ExecReload = "/bin/kill -s HUP $MAINPID";
        Delegate = true;
        KillMode = "process";
      };
    };
    systemd.services.docker-prune = lib.mkIf cfg.autoPrune.enable {
      description = "Prune docker resources";
      serviceConfig.Type = "oneshot";
      script = "exec docker system prune -f ${toString cfg.autoPrune.flags}";
      path = [ pkgs.docker ];
      startAt = cfg.autoPrune.dates;
      after = [ "docker.service" ];
      requires = [ "docker.service" ];
    };
  };
}
