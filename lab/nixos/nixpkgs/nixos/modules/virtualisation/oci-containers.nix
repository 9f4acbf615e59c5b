# virtualisation.oci-containers: one unit a container, named BACKEND-CONTAINER.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation.oci-containers;
  strings = mkOption {
    default = [ ];
    type = types.listOf types.str;
  };
  text = default: mkOption {
    inherit default;
    type = types.nullOr types.str;
  };
  container = {
    options = {
      image = mkOption { type = types.str; };
      autoStart = mkOption {
        default = true;
        type = types.bool;
      };
      cmd = strings;
      ports = strings;
      volumes = strings;
      networks = strings;
      dependsOn = strings;
      environmentFiles = strings;
      extraOptions = strings;
      entrypoint = text null;
      workdir = text null;
      user = text null;
      hostname = text null;
      labels = mkOption {
        default = { };
        type = types.attrsOf types.str;
      };
      environment = mkOption {
        default = { };
        type = types.attrsOf types.str;
      };
    };
  };

  each = flag: map (value: "${flag} ${lib.escapeShellArg value}");
  pairs = flag: all: lib.mapAttrsToList (name: value: "${flag} ${lib.escapeShellArg "${name}=${value}"}") all;
  one = flag: value: lib.optional (value != null) "${flag} ${lib.escapeShellArg value}";
  run =
    name: c:
    builtins.concatStringsSep " " (
      [ "exec ${cfg.backend} run --rm --name=${lib.escapeShellArg name} --log-driver=journald" ]
      ++ one "--entrypoint" c.entrypoint
      ++ one "--hostname" c.hostname
      ++ one "--workdir" c.workdir
      ++ one "--user" c.user
      ++ pairs "-e" c.environment
      ++ pairs "-l" c.labels
      ++ each "--env-file" c.environmentFiles
      ++ each "-p" c.ports
      ++ each "-v" c.volumes
      ++ each "--network" c.networks
      ++ map lib.escapeShellArg c.extraOptions
      ++ [ (lib.escapeShellArg c.image) ]
      ++ map lib.escapeShellArg c.cmd
    );
  others = c: map (other: "${cfg.backend}-${other}.service") c.dependsOn;
  unit = name: c: {
    name = "${cfg.backend}-${name}";
    value = {
      wantedBy = lib.optional c.autoStart "multi-user.target";
      after = others c ++ lib.optional (cfg.backend == "docker") "docker.service";
      requires = others c;
      path = [ pkgs.${cfg.backend} ];
      # netavark looks for iptables there.
      environment.PATH = "/run/current-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin";
      # podman labels the container with it.
      environment.PODMAN_SYSTEMD_UNIT = lib.mkIf (cfg.backend == "podman") "podman-${name}.service";
      preStart = "${cfg.backend} rm -f ${name} || true";
      script = run name c;
      preStop = "${cfg.backend} stop ${name} || true";
      postStop = "${cfg.backend} rm -f ${name} || true";
      serviceConfig = {
        TimeoutStartSec = 0;
        TimeoutStopSec = 120;
        Restart = "always";
      };
    };
  };
in
{
  options.virtualisation.oci-containers = {
    backend = mkOption {
      default = "podman";
      type = types.enum [ "podman" "docker" ];
    };
    containers = mkOption {
      default = { };
      type = types.attrsOf (types.submodule container);
    };
  };

  config = lib.mkIf (cfg.containers != { }) {
    systemd.services = lib.mapAttrs' unit cfg.containers;
    virtualisation.podman.enable = lib.mkIf (cfg.backend == "podman") true;
    virtualisation.docker.enable = lib.mkIf (cfg.backend == "docker") true;
  };
}
