# virtualisation.docker. The engine comes with a variant of the tree; without it the service fails to start.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation.docker;
  flag = default: mkOption {
    inherit default;
    type = types.bool;
  };
  daemonFile = builtins.toFile "daemon.json" (builtins.toJSON cfg.daemon.settings);
in
{
  options.virtualisation.docker = {
    enable = flag false;
    enableOnBoot = flag true;
    autoPrune.enable = flag false;
    daemon.settings = mkOption {
      default = { };
      type = types.attrsOf types.anything;
    };
  };

  config = lib.mkIf cfg.enable {
    users.groups.docker.gid = 131;
    environment.systemPackages = [ pkgs.docker ];
    systemd.sockets.docker = {
      description = "Docker Socket for the API";
      wantedBy = [ "sockets.target" ];
      listenStreams = [ "/run/docker.sock" ];
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
      environment.PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
      serviceConfig = {
        Type = "notify";
        ExecStart = "/usr/sbin/dockerd --group=docker --host=fd:// --config-file=${daemonFile}";
        ExecReload = "/bin/kill -s HUP $MAINPID";
      };
    };
  };
}
