# virtualisation.podman.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation.podman;
  network = cfg.defaultNetwork.settings;
  flag = mkOption {
    default = false;
    type = types.bool;
  };
  dockerNamed = (import ../lab pkgs).build {
    name = "podman-docker-compat";
    script = ../lab/program.pl;
    attrs = {
      path = "/bin/docker";
      text = "#!${pkgs.runtimeShell}\nexec /run/current-system/sw/bin/podman \"$@\"\n";
    };
  };
in
{
  options.virtualisation.podman = {
    enable = flag;
    dockerCompat = flag;
    dockerSocket.enable = flag;
    extraPackages = mkOption {
      default = [ ];
      type = types.listOf types.package;
    };
    autoPrune.enable = flag;
    defaultNetwork.settings = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options.dns_enabled = flag;
      };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(cfg.dockerCompat && config.virtualisation.docker.enable);
        message = "Option dockerCompat conflicts with docker";
      }
      {
        assertion = !(cfg.dockerSocket.enable && config.virtualisation.docker.enable);
        message = "podman's dockerSocket conflicts with docker: both would provide the socket.";
      }
    ];

    virtualisation.containers.enable = true;
    environment.systemPackages = [ pkgs.podman ] ++ lib.optional cfg.dockerCompat dockerNamed ++ cfg.extraPackages;

    environment.etc."containers/networks/podman.json".text = builtins.toJSON (
      {
        id = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
        name = "podman";
        driver = "bridge";
        network_interface = "podman0";
        created = "2023-01-01T00:00:00.000000000Z";
        subnets = [
          {
            subnet = "10.88.0.0/16";
            gateway = "10.88.0.1";
          }
        ];
        ipv6_enabled = false;
        internal = false;
        ipam_options.driver = "host-local";
      }
      // network
    );

    # Other networks than the default one have to be opened by whoever makes them.
    networking.firewall.interfaces = lib.mkIf network.dns_enabled {
      podman0.allowedUDPPorts = [ 53 ];
    };

    systemd.services.podman-prune = lib.mkIf cfg.autoPrune.enable {
      description = "Prune podman resources";
      serviceConfig.Type = "oneshot";
      script = "exec podman system prune -f";
      path = [ pkgs.podman ];
      startAt = "weekly";
    };
  };
}
