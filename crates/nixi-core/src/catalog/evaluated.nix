c:
let
  ssh = c.services.openssh;
  firewall = c.networking.firewall;
in
{
  system = c.system.build.toplevel.drvPath;
  sshd = ssh.enable;
  ports = ssh.ports;
  allowUsers = ssh.settings.AllowUsers or null;
  denyUsers = ssh.settings.DenyUsers or null;
  allowGroups = ssh.settings.AllowGroups or null;
  rootLogin = ssh.settings.PermitRootLogin or null;
  firewall = firewall.enable;
  open = firewall.allowedTCPPorts;
  ranges = firewall.allowedTCPPortRanges;
  interfaces = builtins.mapAttrs (_: interface: interface.allowedTCPPorts) (firewall.interfaces or { });
  trusted = firewall.trustedInterfaces or [ ];
  users = builtins.mapAttrs (_: user: user.openssh.authorizedKeys.keys or [ ]) c.users.users;
}
