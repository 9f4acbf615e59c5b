# services.openssh.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  lab = import ../../lab pkgs;
  cfg = config.services.openssh;
  users = builtins.filter (
    user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ]
  ) (builtins.attrValues config.users.users);
  keysOf =
    user:
    lib.concatMapStrings (key: "${key}\n") (
      user.openssh.authorizedKeys.keys ++ map builtins.readFile user.openssh.authorizedKeys.keyFiles
    );

  show =
    value:
    if builtins.isBool value then (if value then "yes" else "no")
    else if builtins.isList value then builtins.concatStringsSep "," value
    else toString value;
  # These lists are separated by blanks, all others by commas.
  spaced = [ "AllowUsers" "AllowGroups" "DenyUsers" "DenyGroups" ];
  setting =
    name: value:
    "${name} ${if builtins.elem name spaced then builtins.concatStringsSep " " value else show value}\n";
  listenAddress =
    { addr, port }: "ListenAddress ${addr}${lib.optionalString (port != null) ":${toString port}"}\n";

  configuration = lib.concatStrings (
    [ "UsePAM yes\n" "Banner none\n" "AddressFamily any\n" ]
    ++ map (port: "Port ${toString port}\n") cfg.ports
    ++ map listenAddress cfg.listenAddresses
    ++ [
      "AuthorizedKeysFile ${builtins.concatStringsSep " " cfg.authorizedKeysFiles}\n"
      "Subsystem sftp /usr/lib/openssh/sftp-server\n"
    ]
    ++ map (key: "HostKey ${key.path}\n") cfg.hostKeys
    ++ lib.mapAttrsToList setting (lib.filterAttrs (_: value: value != null) cfg.settings)
    ++ [ cfg.extraConfig ]
  );

  # A host key of the machine is not there yet when its first system is built.
  check = ''
    mkdir -p /run/sshd
    key=$(mktemp -d)
    ssh-keygen -q -t ed25519 -N "" -f "$key/host"
    sshd -t -h "$key/host" -f "$1"
  '';
  checked = lab.checked "sshd.conf-validated" configuration check;
in
{
  options = import ./sshd-options.nix { inherit lib; };

  config = lib.mkIf cfg.enable {
    services.openssh.authorizedKeysFiles =
      lib.optional cfg.authorizedKeysInHomedir "%h/.ssh/authorized_keys" ++ [ "/etc/ssh/authorized_keys.d/%u" ];

    environment.etc = {
      "ssh/sshd_config".source = checked;
    }
    // builtins.listToAttrs (
      map (user: {
        name = "ssh/authorized_keys.d/${user.name}";
        value = {
          text = keysOf user;
          mode = "0444";
        };
      }) users
    );

    networking.firewall.allowedTCPPorts = lib.optionals cfg.openFirewall cfg.ports;

    systemd.services.sshd = {
      description = "SSH Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      stopIfChanged = false;
      restartTriggers = [ checked ];
      preStart = lib.concatMapStrings (key: ''
        [ -s ${key.path} ] ||
          ssh-keygen -q -t ${key.type} ${lib.optionalString (key ? bits) "-b ${toString key.bits}"} -f ${key.path} -N ""
      '') cfg.hostKeys;
      path = [ pkgs.openssh ];
      serviceConfig = {
        Type = "notify";
        ExecStart = "/usr/sbin/sshd -D -f /etc/ssh/sshd_config";
        ExecReload = "/bin/kill -HUP $MAINPID";
        KillMode = "process";
        Restart = "always";
        RuntimeDirectory = "sshd";
        RuntimeDirectoryPreserve = true;
      };
    };
  };
}
