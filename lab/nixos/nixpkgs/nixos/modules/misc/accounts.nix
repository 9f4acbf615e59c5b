# The users and groups of the system itself. Their ids are those of the Debian tree below, whose files belong to them.
{ ... }:
let
  system = uid: group: description: {
    inherit uid group description;
    isSystemUser = true;
  };
  gids = {
    root = 0;
    wheel = 1;
    adm = 4;
    tty = 5;
    disk = 6;
    kmem = 15;
    dialout = 20;
    cdrom = 24;
    audio = 29;
    shadow = 42;
    utmp = 43;
    video = 44;
    input = 174;
    kvm = 302;
    render = 303;
    users = 100;
    messagebus = 101;
    _ssh = 102;
    systemd-network = 998;
    systemd-journal = 999;
    nogroup = 65534;
  };
in
{
  users.groups = builtins.mapAttrs (_: gid: { inherit gid; }) gids;
  users.users = {
    root = {
      uid = 0;
      group = "root";
      description = "System administrator";
      home = "/root";
      createHome = true;
      useDefaultShell = true;
      isSystemUser = true;
    };
    messagebus = system 100 "messagebus" "D-Bus system message bus daemon user";
    sshd = system 101 "nogroup" "SSH privilege separation user";
    _rpc = system 102 "nogroup" "rpcbind";
    statd = system 103 "nogroup" "NFS lock recovery";
    systemd-network = system 998 "systemd-network" "systemd's network";
    nobody = system 65534 "nogroup" "Unprivileged account";
  };
}
