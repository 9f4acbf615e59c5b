# virtualisation.containers: what podman reads from /etc/containers. Some settings are the lab's: a machine is a
# container itself, whose cgroups and limits podman may not change.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation.containers;
in
{
  options.virtualisation.containers = {
    enable = mkOption {
      default = false;
      type = types.bool;
    };
    registries.search = mkOption {
      default = [ "docker.io" "quay.io" ];
      type = types.listOf types.str;
    };
  };

  config = lib.mkIf cfg.enable {
    environment.etc = {
      "containers/containers.conf".text = ''
        [containers]
        cgroups = "disabled"
        default_ulimits = [ "nofile=1024:1024", "nproc=1024:1024" ]

        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "file"
        runtime = "crun"

        [network]
        network_backend = "netavark"
      '';
      "containers/policy.json".text = builtins.toJSON { default = [ { type = "insecureAcceptAnything"; } ]; };
      "containers/registries.conf".text = ''
        unqualified-search-registries = ${builtins.toJSON cfg.registries.search}
      '';
      "containers/storage.conf".text = ''
        [storage]
        driver = "overlay"
        graphroot = "/var/lib/containers/storage"
        runroot = "/run/containers/storage"
      '';
    };
  };
}
