# What every test machine is: sshd for keys alone, Nixi's login user, podman with a container, and a service.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  # Made here, so that no registry is asked.
  idle = pkgs.dockerTools.buildImage {
    name = "idle";
    tag = "1";
    copyToRoot = pkgs.busybox;
    config.Cmd = [
      "/bin/tail"
      "-f"
      "/dev/null"
    ];
  };
in
{
  imports = [ "${modulesPath}/virtualisation/qemu-vm.nix" ];

  options.nixi-test-vm.port = lib.mkOption {
    type = lib.types.port;
    description = "The port of 127.0.0.1 on which the machine's sshd is reached.";
  };

  config = {
    virtualisation = {
      graphics = false;
      memorySize = 1024;
      diskSize = 4096;
      forwardPorts = [
        {
          from = "host";
          host.address = "127.0.0.1";
          host.port = config.nixi-test-vm.port;
          guest.port = 22;
        }
      ];

      podman.enable = true;
      podman.defaultNetwork.settings.dns_enabled = true;
      oci-containers.backend = "podman";
      oci-containers.containers.cache = {
        image = "idle:1";
        imageFile = idle;
      };
    };

    services.nginx.enable = true;

    # The machine's own screen. Nobody else gets there.
    services.getty.autologinUser = "root";

    services.openssh = {
      enable = true;
      settings.PasswordAuthentication = false;
      settings.KbdInteractiveAuthentication = false;
      settings.PermitRootLogin = "no";
      authorizedKeysFiles = [ "/etc/ssh/test-vm-keys/%u" ];
    };

    # The key is made when a machine is first started, so it cannot be in the configuration.
    systemd.services.test-vm-key = {
      description = "Let in the key of this test machine's starter";
      wantedBy = [ "multi-user.target" ];
      before = [ "sshd.service" ];
      unitConfig.RequiresMountsFor = "/tmp/shared";
      serviceConfig.Type = "oneshot";
      script = ''
        install -D -m 0644 /tmp/shared/nixi.pub /etc/ssh/test-vm-keys/nixi
      '';
    };

    users.users.nixi.isNormalUser = true;

    system.stateVersion = lib.trivial.release;
  };
}
