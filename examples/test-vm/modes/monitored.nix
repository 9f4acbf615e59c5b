# What Nixi may do on a monitored machine: look. Should Nixi ever try more, the machine itself says no.
{
  # The list of containers needs root; this is that command to the letter, and it takes no other argument. sudoers wants a
  # backslash before `=`, and Nix another one before that.
  security.sudo.extraRules = [
    {
      users = [ "nixi" ];
      commands = [
        {
          command = "/run/current-system/sw/bin/podman ps --syslog\\=false --all --no-trunc --format json";
          options = [ "NOPASSWD" ];
        }
      ];
    }
  ];

  users.users.nixi.extraGroups = [ "systemd-journal" ];
}
