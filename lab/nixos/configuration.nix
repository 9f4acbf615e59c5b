# Edit this configuration file to define what should be installed on
# your system. Help is available in the configuration.nix(5) man page.

{ config, lib, pkgs, ... }:

{
  imports =
    [ # Include the results of the hardware scan.
      ./hardware-configuration.nix
    ];

  # Use the systemd-boot EFI boot loader.
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;

  networking.hostName = "@hostName@"; # Define your hostname.

  # Set your time zone.
  # time.timeZone = "Europe/Amsterdam";

  # Select internationalisation properties.
  # i18n.defaultLocale = "en_US.UTF-8";

  # Define a user account. Don't forget to set a password with ‘passwd’.
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
        "ss"
        "systemctl"
        "systemd-run"
        "tee"
        "test"
        "umount"
      ];
    }
  ];

  # List packages installed in system profile.
  # environment.systemPackages = with pkgs; [
  #   vim
  # ];

  # Enable the OpenSSH daemon.
  services.openssh.enable = true;

  virtualisation.podman = {
    enable = true;
    defaultNetwork.settings.dns_enabled = true;
  };

  # Open ports in the firewall.
  # networking.firewall.allowedTCPPorts = [ ... ];
  # networking.firewall.allowedUDPPorts = [ ... ];
  # Or disable the firewall altogether.
  # networking.firewall.enable = false;

  # This option defines the first version of NixOS you have installed on this machine.
  system.stateVersion = "25.05"; # Did you read the comment?
}
