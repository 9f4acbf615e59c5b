c:
let
  ssh = c.services.openssh;
  firewall = c.networking.firewall;
  lines = file: builtins.filter builtins.isString (builtins.split "\n" (builtins.readFile file));
  starts =
    unit: (unit.enable or true) && (unit.wantedBy or [ ]) ++ (unit.requiredBy or [ ]) ++ (unit.upheldBy or [ ]) != [ ];
  keysOf = keys: (keys.keys or [ ]) ++ builtins.concatMap lines (keys.keyFiles or [ ]);
in
{
  system = c.system.build.toplevel.drvPath;
  sshd = ssh.enable;
  sshdStarts = starts (c.systemd.services.sshd or { }) || starts (c.systemd.sockets.sshd or { });
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
  users = builtins.mapAttrs (_: user: keysOf (user.openssh.authorizedKeys or { })) c.users.users;
}
