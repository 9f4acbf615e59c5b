# What Nixi may do on a managed machine: whatever its tools plan and a person approves. These programs are as good as root.
let
  program = name: {
    command = "/run/current-system/sw/bin/${name}";
    options = [ "NOPASSWD" ];
  };
in
{
  security.sudo.extraRules = [
    {
      users = [ "nixi" ];
      commands = map program [
        "podman"
        "systemctl"
        "journalctl"
      ];
    }
  ];
}
