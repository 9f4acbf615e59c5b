c:
let
  ssh = c.services.openssh;
  firewall = c.networking.firewall;
  lines = file: builtins.filter builtins.isString (builtins.split "\n" (builtins.readFile file));
  starts =
    unit: (unit.enable or true) && (unit.wantedBy or [ ]) ++ (unit.requiredBy or [ ]) ++ (unit.upheldBy or [ ]) != [ ];
  keysOf = keys: (keys.keys or [ ]) ++ builtins.concatMap lines (keys.keyFiles or [ ]);
  all = builtins.attrValues;
  users = builtins.filter (user: user.enable or true) (
    builtins.map (name: { inherit name; } // c.users.users.${name}) (builtins.attrNames c.users.users)
  );
  scripted = builtins.concatMap (
    interface: (interface.ipv4.addresses or [ ]) ++ (interface.ipv6.addresses or [ ])
  ) (all (c.networking.interfaces or { }));
  networkd = builtins.concatMap (network: network.address or [ ]) (all (c.systemd.network.networks or { }));
in
{
  system = c.system.build.toplevel.drvPath;
  switchable = c.system.switch.enable or true;
  outcome = c.system.build.toplevel.outPath;
  sshd = {
    inherit (ssh) enable;
    starts = starts (c.systemd.services.sshd or { }) || starts (c.systemd.sockets.sshd or { });
  };
  ports = ssh.ports;
  listen = ssh.listenAddresses or [ ];
  hostKeys = builtins.map (key: key.path) (ssh.hostKeys or [ ]);
  allowUsers = ssh.settings.AllowUsers or null;
  denyUsers = ssh.settings.DenyUsers or null;
  allowGroups = ssh.settings.AllowGroups or null;
  denyGroups = ssh.settings.DenyGroups or null;
  rootLogin = ssh.settings.PermitRootLogin or null;
  keysInHome = ssh.authorizedKeysInHomedir or true;
  firewall = {
    inherit (firewall) enable;
    open = firewall.allowedTCPPorts;
    ranges = firewall.allowedTCPPortRanges;
    interfaces = builtins.mapAttrs (_: interface: interface.allowedTCPPorts) (firewall.interfaces or { });
    trusted = firewall.trustedInterfaces or [ ];
  };
  addresses = builtins.map (address: address.address) scripted ++ networkd;
  users = builtins.listToAttrs (
    builtins.map (user: {
      inherit (user) name;
      value = keysOf (user.openssh.authorizedKeys or { });
    }) users
  );
}
