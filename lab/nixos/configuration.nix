# What this machine is. The shape is that of a newly installed NixOS: the list after `imports` on a line of its own,
# comments between, options that are commented out.

{ config, lib, pkgs, ... }:

{
  imports =
    [ # Found by the installation.
      ./hardware-configuration.nix
    ];

  # The boot loader.
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;

  networking.hostName = "@hostName@";

  # time.timeZone = "Europe/Amsterdam";

  # i18n.defaultLocale = "en_US.UTF-8";

  # Who logs in.
  users.users.@user@ = {
    isNormalUser = true;
    extraGroups = [ "systemd-journal" ];
    openssh.authorizedKeys.keys = [ "@key@" ];
  };

  security.sudo.extraRules = [
    {
      users = [ "@user@" ];
      commands = map (name: {
        command = "/run/current-system/sw/bin/${name}";
        options = [ "NOPASSWD" ];
      }) [
        "cat"
        "chmod"
        "chown"
        "cp"
        "dd"
        "docker"
        "install"
        "iptables-save"
        "journalctl"
        "ls"
        "mkdir"
        "mount"
        "mv"
        "nix-channel"
        "nix-collect-garbage"
        "nix-env"
        "nix-store"
        "nixos-rebuild"
        "podman"
        "rm"
        "rmdir"
        "sha256sum"
        "ss"
        "systemctl"
        "systemd-run"
        "tee"
        "test"
        "umount"
      ];
    }
  ];

  # Programs for everybody.
  # environment.systemPackages = with pkgs; [
  #   vim
  # ];

  services.openssh.enable = true;

  virtualisation.podman = {
    enable = true;
    defaultNetwork.settings.dns_enabled = true;
  };

  # What others may reach.
  # networking.firewall.allowedTCPPorts = [ ... ];
  # networking.firewall.allowedUDPPorts = [ ... ];
  # networking.firewall.enable = false;

  # Of the release that was installed first.
  system.stateVersion = "25.05";
}
